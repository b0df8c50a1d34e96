package dev.fenceline.wire;

import dev.fenceline.attach.v1.MigrateInRun;
import dev.fenceline.attach.v1.MigrationReportRun;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.LocalPages;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Peer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What hosts and agents say to each other about migrations, and its wire form. Stateless. */
final class MigrationCodec {
  private MigrationCodec() {}

  static dev.fenceline.attach.v1.LocalPages encode(LocalPages pages) {
    return dev.fenceline.attach.v1.LocalPages.newBuilder()
        .setDeviceIndex(pages.deviceIndex())
        .setMigrationId(pages.migrationId())
        .setFirstLocalPage(pages.firstLocalPage())
        .setPageCount(pages.pageCount())
        .build();
  }

  static List<dev.fenceline.attach.v1.LocalPages> encode(List<LocalPages> pages) {
    return pages.stream().map(MigrationCodec::encode).toList();
  }

  static List<LocalPages> decode(
      String field, List<dev.fenceline.attach.v1.LocalPages> wire, int minimumCount)
      throws MalformedMessageException {
    WireChecks.inRange(
        "number of " + field, wire.size(), minimumCount, WireChecks.MAX_LOCAL_PAGE_RUNS);
    List<LocalPages> pages = new ArrayList<>(wire.size());
    for (dev.fenceline.attach.v1.LocalPages run : wire) {
      int count =
          WireChecks.inRange(
              field + ".page_count", run.getPageCount(), 1, WireChecks.MAX_LOCAL_PAGES);
      pages.add(
          new LocalPages(
              WireChecks.deviceIndex(run.getDeviceIndex()),
              migrationId(run.getMigrationId()),
              localPage(run.getFirstLocalPage(), count),
              count));
    }
    return pages;
  }

  static dev.fenceline.attach.v1.Peer encode(Peer peer) {
    return dev.fenceline.attach.v1.Peer.newBuilder()
        .setDevice(CommonCodec.encode(peer.device()))
        .setTarget(peer.target())
        .setCoherent(peer.coherent())
        .build();
  }

  static Peer decode(dev.fenceline.attach.v1.Peer wire) throws MalformedMessageException {
    return new Peer(
        CommonCodec.decode(wire.getDevice()),
        WireChecks.target("peer.target", wire.getTarget()),
        wire.getCoherent());
  }

  static dev.fenceline.attach.v1.MigrateIn encode(HostMessage.MigrateIn in) {
    dev.fenceline.attach.v1.MigrateIn.Builder wire =
        dev.fenceline.attach.v1.MigrateIn.newBuilder()
            .setMigrationId(in.migrationId())
            .setSpaceId(in.spaceId())
            .setDeviceIndex(in.deviceIndex())
            .setStart(in.start())
            .setOrder(in.order());
    for (MigrationRun.In run : in.runs()) {
      MigrateInRun.Builder wireRun =
          wire.addRunsBuilder()
              .setPageCount(run.pageCount())
              .setGeneration(run.generation())
              .setFirstLocalPage(run.firstLocalPage())
              .setSource(
                  switch (run.source()) {
                    case HOST -> MigrateInRun.Source.SOURCE_HOST;
                    case ZEROS -> MigrateInRun.Source.SOURCE_ZEROS;
                    case PEER -> MigrateInRun.Source.SOURCE_PEER;
                    case SKIPPED -> MigrateInRun.Source.SOURCE_SKIPPED;
                  });
      Peer peer = run.peer();
      if (peer != null) {
        wireRun.setPeer(encode(peer));
      }
    }
    return wire.build();
  }

  static HostMessage.MigrateIn decode(dev.fenceline.attach.v1.MigrateIn wire)
      throws MalformedMessageException {
    List<MigrationRun.In> runs = new ArrayList<>(wire.getRunsCount());
    for (MigrateInRun run : wire.getRunsList()) {
      runs.add(decode(run));
    }
    return new HostMessage.MigrateIn(
        migrationId(wire.getMigrationId()),
        wire.getSpaceId(),
        WireChecks.deviceIndex(wire.getDeviceIndex()),
        start(wire.getStart(), pages(runs)),
        runs,
        WireChecks.inRange("migrate_in.order", wire.getOrder(), 0, Pages.BLOCK_ORDER));
  }

  private static MigrationRun.In decode(MigrateInRun wire) throws MalformedMessageException {
    MigrationRun.Source source =
        switch (wire.getSource()) {
          case SOURCE_HOST -> MigrationRun.Source.HOST;
          case SOURCE_ZEROS -> MigrationRun.Source.ZEROS;
          case SOURCE_PEER -> MigrationRun.Source.PEER;
          case SOURCE_SKIPPED -> MigrationRun.Source.SKIPPED;
          case SOURCE_UNSPECIFIED, UNRECOGNIZED ->
              throw WireChecks.malformed("run.source", wire.getSource(), "one of Source");
        };
    if (wire.hasPeer() != (source == MigrationRun.Source.PEER)) {
      throw WireChecks.malformed("run.peer", wire.getPeer(), "given with source PEER alone");
    }
    @Nullable Peer peer = wire.hasPeer() ? decode(wire.getPeer()) : null;
    int count = pageCount(wire.getPageCount());
    return new MigrationRun.In(
        count,
        WireChecks.generation(wire.getGeneration()),
        source,
        peer,
        localPage(wire.getFirstLocalPage(), count));
  }

  static dev.fenceline.attach.v1.MigrateOut encode(HostMessage.MigrateOut out) {
    dev.fenceline.attach.v1.MigrateOut.Builder wire =
        dev.fenceline.attach.v1.MigrateOut.newBuilder()
            .setMigrationId(out.migrationId())
            .setSpaceId(out.spaceId())
            .setDeviceIndex(out.deviceIndex())
            .setStart(out.start())
            .setSequence(out.sequence())
            .setHold(out.hold());
    for (MigrationRun.Out run : out.runs()) {
      wire.addRunsBuilder()
          .setPageCount(run.pageCount())
          .setGeneration(run.generation())
          .setFirstLocalPage(run.firstLocalPage())
          .setSkipped(run.skipped());
    }
    return wire.build();
  }

  static HostMessage.MigrateOut decode(dev.fenceline.attach.v1.MigrateOut wire)
      throws MalformedMessageException {
    List<MigrationRun.Out> runs = new ArrayList<>(wire.getRunsCount());
    for (dev.fenceline.attach.v1.MigrateOutRun run : wire.getRunsList()) {
      int count = pageCount(run.getPageCount());
      runs.add(
          new MigrationRun.Out(
              count,
              WireChecks.generation(run.getGeneration()),
              localPage(run.getFirstLocalPage(), count),
              run.getSkipped()));
    }
    return new HostMessage.MigrateOut(
        migrationId(wire.getMigrationId()),
        wire.getSpaceId(),
        WireChecks.deviceIndex(wire.getDeviceIndex()),
        start(wire.getStart(), pages(runs)),
        wire.getSequence(),
        runs,
        wire.getHold());
  }

  static dev.fenceline.attach.v1.MigrationReport encode(AgentMessage.MigrationReport report) {
    dev.fenceline.attach.v1.MigrationReport.Builder wire =
        dev.fenceline.attach.v1.MigrationReport.newBuilder().setMigrationId(report.migrationId());
    for (MigrationRun.Report run : report.runs()) {
      wire.addRunsBuilder()
          .setPageCount(run.pageCount())
          .setFirstLocalPage(run.firstLocalPage())
          .setOutcome(
              switch (run.outcome()) {
                case DONE -> MigrationReportRun.Outcome.OUTCOME_DONE;
                case NO_MEMORY -> MigrationReportRun.Outcome.OUTCOME_NO_MEMORY;
                case FAILED -> MigrationReportRun.Outcome.OUTCOME_FAILED;
              });
    }
    return wire.build();
  }

  static AgentMessage.MigrationReport decode(dev.fenceline.attach.v1.MigrationReport wire)
      throws MalformedMessageException {
    List<MigrationRun.Report> runs = new ArrayList<>(wire.getRunsCount());
    for (MigrationReportRun run : wire.getRunsList()) {
      MigrationRun.Outcome outcome =
          switch (run.getOutcome()) {
            case OUTCOME_DONE -> MigrationRun.Outcome.DONE;
            case OUTCOME_NO_MEMORY -> MigrationRun.Outcome.NO_MEMORY;
            case OUTCOME_FAILED -> MigrationRun.Outcome.FAILED;
            case OUTCOME_UNSPECIFIED, UNRECOGNIZED ->
                throw WireChecks.malformed("run.outcome", run.getOutcome(), "one of Outcome");
          };
      int count = pageCount(run.getPageCount());
      runs.add(new MigrationRun.Report(count, outcome, localPage(run.getFirstLocalPage(), count)));
    }
    pages(runs);
    return new AgentMessage.MigrationReport(migrationId(wire.getMigrationId()), runs);
  }

  static dev.fenceline.attach.v1.MigrationCommit encode(HostMessage.MigrationCommit commit) {
    dev.fenceline.attach.v1.MigrationCommit.Builder wire =
        dev.fenceline.attach.v1.MigrationCommit.newBuilder()
            .setMigrationId(commit.migrationId())
            .setSequence(commit.sequence());
    for (MigrationRun.Commit run : commit.runs()) {
      wire.addRunsBuilder()
          .setPageCount(run.pageCount())
          .setAccepted(run.accepted())
          .setGeneration(run.generation())
          .setWritable(run.writable());
    }
    return wire.build();
  }

  static HostMessage.MigrationCommit decode(dev.fenceline.attach.v1.MigrationCommit wire)
      throws MalformedMessageException {
    List<MigrationRun.Commit> runs = new ArrayList<>(wire.getRunsCount());
    for (dev.fenceline.attach.v1.MigrationCommitRun run : wire.getRunsList()) {
      runs.add(
          new MigrationRun.Commit(
              pageCount(run.getPageCount()),
              run.getAccepted(),
              WireChecks.generation(run.getGeneration()),
              run.getWritable()));
    }
    pages(runs);
    return new HostMessage.MigrationCommit(
        migrationId(wire.getMigrationId()), wire.getSequence(), runs);
  }

  static AgentMessage.MigrateRequest decode(dev.fenceline.attach.v1.MigrateRequest wire)
      throws MalformedMessageException {
    int pages = pageCount(wire.getPageCount());
    return new AgentMessage.MigrateRequest(
        wire.getRequestId(),
        WireChecks.mirrorId(wire.getMirrorId()),
        start(wire.getAddress(), pages),
        pages);
  }

  static AgentMessage.EvictRequest decode(dev.fenceline.attach.v1.EvictRequest wire)
      throws MalformedMessageException {
    List<LocalPages> candidates = decode("evict.candidates", wire.getCandidatesList(), 1);
    for (LocalPages run : candidates) {
      if (run.deviceIndex() != candidates.getFirst().deviceIndex()) {
        throw WireChecks.malformed("evict.candidates", candidates, "of one device");
      }
    }
    return new AgentMessage.EvictRequest(
        wire.getRequestId(),
        WireChecks.inRange(
            "evict.page_count", wire.getPageCount(), 1, WireChecks.MAX_EVICTED_PAGES),
        candidates);
  }

  /** 0 names no migration. */
  private static long migrationId(long value) throws MalformedMessageException {
    if (value == 0) {
      throw WireChecks.malformed("migration_id", 0, "not 0");
    }
    return value;
  }

  private static int pageCount(int value) throws MalformedMessageException {
    return WireChecks.inRange("run.page_count", value, 1, MigrationRun.MAX_PAGES);
  }

  static int localPage(int first, int count) throws MalformedMessageException {
    return WireChecks.inRange("first_local_page", first, 0, WireChecks.MAX_LOCAL_PAGES - count);
  }

  private static int pages(List<? extends MigrationRun> runs) throws MalformedMessageException {
    WireChecks.inRange("number of migration runs", runs.size(), 1, MigrationRun.MAX_PAGES);
    int pages = 0;
    for (MigrationRun run : runs) {
      pages += run.pageCount();
    }
    return WireChecks.inRange("pages of the migration", pages, 1, MigrationRun.MAX_PAGES);
  }

  private static long start(long address, int pages) throws MalformedMessageException {
    if (!Pages.aligned(address)
        || address < 0
        || address > Pages.ADDRESS_LIMIT - Pages.address(pages)) {
      throw WireChecks.malformed(
          "migration start",
          "0x" + Long.toHexString(address) + " with " + pages + " pages",
          "a multiple of 4096, and the pages within [0, 2^47)");
    }
    return address;
  }
}
