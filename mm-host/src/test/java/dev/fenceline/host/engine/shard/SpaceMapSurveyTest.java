package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.SeededRuns;
import dev.fenceline.host.engine.invalidation.DeviceView;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.model.Access;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** The picture of a space against a look at every page. */
class SpaceMapSurveyTest {
  private static final Protection READ_WRITE = new Protection(true, true, false);
  private final ShardFixture shard = new ShardFixture();

  @Test
  void emptySpace_hasNoCells() {
    long space = shard.createSpace();
    SpaceMapSurvey survey = SpaceMapSurvey.ofAll(space(shard, space), 256);
    assertThat(survey.advance(shard.engine.queries())).isTrue();
    assertThat(survey.cells()).isEmpty();
    assertThat(survey.devices()).isEmpty();
  }

  @Test
  void fewerPagesThanCells_giveOneCellPerPage() {
    long space = shard.createSpace();
    shard.map(space, 0, 3, READ_WRITE);
    SpaceMapSurvey survey = taken(shard, SpaceMapSurvey.ofAll(space(shard, space), 256));
    assertThat(survey.cellPages()).isOne();
    assertThat(survey.cells()).hasSize(3);
  }

  @Test
  void randomSpaces_areSeenAsTheyAre() {
    SeededRuns.forSeeds("SpaceMapSurveyTest#randomSpaces_areSeenAsTheyAre", 60, this::randomSpace);
  }

  private void randomSpace(RandomGenerator random) {
    ShardFixture made = new ShardFixture(5_000);
    long space = made.createSpace();
    for (int i = 0; i < 12; i++) {
      made.map(space, random.nextInt(3_000), 1 + random.nextInt(200), READ_WRITE);
    }
    for (int agent = 1; agent <= 20; agent++) {
      made.open(agent, "agent-" + agent, 2);
      made.mirror(agent, 1, space, random.nextInt(2), 0, 4_000);
      for (int i = 0; i < 10; i++) {
        Access access = random.nextBoolean() ? Access.WRITE : Access.READ;
        made.fault(agent, 1, random.nextInt(3_000), 1 + random.nextInt(64), access);
      }
    }
    made.invalidate(space, random.nextInt(2_000), 1 + random.nextInt(900), WaitPolicy.BLOCK);
    long start = ShardFixture.BASE + Pages.address(random.nextInt(1_000));
    long end = start + Pages.address(1 + random.nextInt(3_000));
    int cells = 1 + random.nextInt(64);
    AddressSpace looked = space(made, space);
    check(looked, made, taken(made, SpaceMapSurvey.of(looked, start, end, cells)), cells);
    check(looked, made, taken(made, SpaceMapSurvey.ofAll(looked, cells)), cells);
  }

  private static void check(
      AddressSpace space, ShardFixture shard, SpaceMapSurvey survey, int cells) {
    assertThat(survey.cells()).hasSizeLessThanOrEqualTo(cells);
    for (int i = 0; i < survey.cells().length; i++) {
      long from = Pages.number(survey.start()) + i * survey.cellPages();
      long to = Math.min(Pages.number(survey.end()), from + survey.cellPages());
      SpaceMapSurvey.Cell cell = survey.cells()[i];
      long[] seen = new long[3];
      for (long vpn = from; vpn < to; vpn++) {
        long entry = space.memory().entry(vpn);
        seen[0] += space.memory().mappings().mapping(Pages.address(vpn)) == null ? 0 : 1;
        seen[1] += Pte.frame(entry) == Pte.ZERO_PAGE_FRAME ? 0 : 1;
        seen[2] += Pte.isInvalidating(entry) ? 1 : 0;
      }
      assertThat(cell.mappedPages()).isEqualTo(seen[0]);
      assertThat(cell.residentPages()).isEqualTo(seen[1]);
      assertThat(cell.invalidatingPages()).isEqualTo(seen[2]);
      List<DeviceView> holders = new ArrayList<>();
      for (DeviceView view : shard.engine.queries().views(space)) {
        if (view.holders().holdsAny(from, to)) {
          holders.add(view);
        }
      }
      List<DeviceView> named = new ArrayList<>();
      for (int device : cell.holders()) {
        named.add(survey.devices().get(device).view());
      }
      assertThat(cell.holderCount()).isEqualTo(holders.size());
      assertThat(named).isEqualTo(holders.subList(0, Math.min(16, holders.size())));
    }
  }

  /** The bound of a slice is one of work, not of time: a thousand devices take many slices. */
  @Test
  void manyHolders_areReadInSlices_andOneWhoLeavesMeanwhileIsLeftOut() {
    ShardFixture made = new ShardFixture(60_000);
    long space = made.createSpace();
    made.map(space, 0, 8_192, READ_WRITE);
    for (int agent = 1; agent <= 100; agent++) {
      made.open(agent, "agent-" + agent, 1);
      made.mirror(agent, 1, space, 0, 0, 8_192);
      for (int page = 0; page < 8_192; page += 512) {
        made.fault(agent, 1, page, 512, Access.READ);
      }
    }
    SpaceMapSurvey survey = SpaceMapSurvey.ofAll(space(made, space), 1024);
    int slices = 1;
    assertThat(survey.advance(made.engine.queries())).isFalse();
    made.end(100, FenceResolution.LEFT);
    while (!survey.advance(made.engine.queries())) {
      slices++;
    }
    assertThat(slices).isGreaterThan(8);
    assertThat(survey.devices()).hasSize(99);
    assertThat(survey.cells()[7].holderCount()).isEqualTo(99);
    assertThat(survey.cells()[7].holders()).hasSize(16);
  }

  @Test
  void changeStamp_staysWhileNothingChanges() {
    long space = shard.createSpace();
    shard.map(space, 0, 8, READ_WRITE);
    long mapped = space(shard, space).changeStamp();
    shard.advance(1_000);
    shard.createSpace();
    assertThat(space(shard, space).changeStamp()).isEqualTo(mapped);
    shard.open(1, "a", 1);
    assertThat(space(shard, space).changeStamp()).isEqualTo(mapped);
    shard.mirror(1, 1, space, 0, 0, 8);
    long mirrored = space(shard, space).changeStamp();
    shard.fault(1, 1, 0, 1, Access.WRITE);
    long faulted = space(shard, space).changeStamp();
    shard.end(1, FenceResolution.LEFT);
    assertThat(List.of(mapped, mirrored, faulted, space(shard, space).changeStamp()))
        .isSorted()
        .doesNotHaveDuplicates();
  }

  private static AddressSpace space(ShardFixture shard, long id) {
    AddressSpace space = shard.engine.queries().space(id);
    if (space == null) {
      throw new AssertionError("no space " + id);
    }
    return space;
  }

  private static SpaceMapSurvey taken(ShardFixture shard, SpaceMapSurvey survey) {
    while (!survey.advance(shard.engine.queries())) {
      // the next slice
    }
    return survey;
  }
}
