package dev.fenceline.testbed.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * Invalidations per second of one shard's engine, without a network: each over one page that eight
 * devices hold, so that eight fences are pending and eight acknowledgements come.
 */
final class EngineThroughput implements Bench {
  private static final int SESSIONS = 8;

  /** Pages that are granted at once, outside the timed part. */
  private static final int PAGES = 256;

  private static final int INVALIDATIONS_PER_CHUNK = 256;
  private static final double GOAL_PER_SECOND = 200_000;

  @Override
  public String name() {
    return "engine";
  }

  @Override
  public List<Figure> run(Effort effort) {
    EngineRig rig = new EngineRig(SESSIONS);
    int mirror = rig.mapAndMirror(EngineRig.BASE, PAGES);
    List<Figure> figures = new ArrayList<>();
    double[] alone =
        Rounds.unitsPerSecond(
            effort,
            watch -> {
              rig.grant(mirror, EngineRig.BASE, PAGES);
              watch.start();
              for (int page = 0; page < PAGES; page++) {
                rig.invalidate(EngineRig.BASE + page * EngineRig.PAGE_BYTES);
              }
              watch.stop(PAGES);
            });
    figures.add(
        new Figure(
            name(),
            "one shard, 8 mirrors hit, 8 fences acknowledged each",
            "invalidations/s",
            Spread.of(alone),
            Goal.atLeast(GOAL_PER_SECOND)));
    double[] withFaults =
        Rounds.unitsPerSecond(
            effort,
            watch -> {
              watch.start();
              for (int i = 0; i < INVALIDATIONS_PER_CHUNK; i++) {
                rig.grant(mirror, EngineRig.BASE, 1);
                rig.invalidate(EngineRig.BASE);
              }
              watch.stop(INVALIDATIONS_PER_CHUNK);
            });
    figures.add(
        new Figure(
            name(),
            "the same with the 8 faults that grant the page again",
            "invalidations/s",
            Spread.of(withFaults),
            null));
    return figures;
  }
}
