package dev.fenceline.agent.engine;

import static dev.fenceline.agent.engine.LinkByHand.SPACE;
import static dev.fenceline.agent.engine.LinkByHand.last;
import static dev.fenceline.agent.engine.LinkByHand.only;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.agent.engine.memory.LinkMemory;
import dev.fenceline.agent.engine.memory.MigrationPolicy;
import dev.fenceline.agent.engine.memory.PagePool;
import dev.fenceline.agent.engine.memory.PlainMemories;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.LocalPages;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.MigrationRun.Outcome;
import dev.fenceline.model.MigrationRun.Source;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Pages;
import java.util.List;
import org.junit.jupiter.api.Test;

class MigrationTest {
  private static final long MIGRATION = 77;
  private static final long VPN = 0x40;

  private final PlainMemories memories = new PlainMemories(8, 0);
  private final LinkByHand link = linkOf(MigrationPolicy.NEVER);

  private LinkByHand linkOf(MigrationPolicy policy) {
    return new LinkByHand(
        LinkSettings.of(
            "agent",
            42,
            List.of(
                new DeviceDescription(0, "d0", 1, 8, "", false),
                new DeviceDescription(1, "d1", 1))),
        new LinkMemory(memories, "peer:1", policy));
  }

  private static HostMessage.MigrateIn in(Source source, int pages) {
    return new HostMessage.MigrateIn(
        MIGRATION, SPACE, 0, Pages.address(VPN), List.of(new MigrationRun.In(pages, 5, source)));
  }

  private static HostMessage.MigrationCommit commit(boolean accepted, int pages) {
    return new HostMessage.MigrationCommit(
        MIGRATION, 10, List.of(new MigrationRun.Commit(pages, accepted, 6, true)));
  }

  private static HostMessage.MigrateOut out(int firstLocalPage, int pages) {
    return new HostMessage.MigrateOut(
        MIGRATION + 1,
        SPACE,
        0,
        Pages.address(VPN),
        20,
        List.of(new MigrationRun.Out(pages, 7, firstLocalPage, false)));
  }

  private AgentMessage.MigrationReport reported() {
    return last(link.said(), AgentMessage.MigrationReport.class);
  }

  private void copyAll(List<AgentEffect> effects, boolean done) {
    for (AgentEffect.CopyPages copy : only(effects, AgentEffect.CopyPages.class)) {
      link.give(new AgentInput.PagesCopied(copy.copyId(), done));
    }
  }

  /** Two pages on device 0, mapped. */
  private List<AgentEffect> migratedIn() {
    link.attached().mirror(0);
    copyAll(link.hear(in(Source.HOST, 2)), true);
    assertThat(reported().runs()).containsExactly(new MigrationRun.Report(2, Outcome.DONE, 0));
    return link.hear(commit(true, 2));
  }

  /** The next session; what its Hello says. */
  private AgentMessage.Hello reattach(List<LocalPages> discarded) {
    List<AgentEffect> dropped = link.give(new AgentInput.StreamEnded(link.attempt(), "broken"));
    long drain = last(dropped, AgentEffect.DropEverything.class).drainId();
    link.give(new AgentInput.Drained(drain));
    link.after(10 * LinkByHand.TTL, new AgentInput.Tick());
    List<AgentEffect> greeting = link.give(new AgentInput.StreamOpened(link.attempt()));
    link.session++;
    link.hear(
        new HostMessage.Welcome(
            "host",
            LinkByHand.EPOCH,
            link.session,
            LinkByHand.TTL,
            LinkByHand.INTERVAL,
            link.faultCredit,
            discarded));
    return last(LinkByHand.messages(greeting), AgentMessage.Hello.class);
  }

  @Test
  void accepted_mapsTheLocalPagesWithTheCommittedGeneration() {
    AgentEffect.InstallEntries installed = last(migratedIn(), AgentEffect.InstallEntries.class);

    assertThat(installed.vpn()).isEqualTo(VPN);
    assertThat(installed.runs())
        .extracting(PageRun::state, PageRun::generation, PageRun::writable, PageRun::firstLocalPage)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(PageRun.State.DEVICE_LOCAL, 6, true, 0),
            org.assertj.core.groups.Tuple.tuple(PageRun.State.DEVICE_LOCAL, 6, true, 1));
    assertThat(memories.pools.getFirst().count(PagePool.State.USED)).isEqualTo(2);
    assertThat(link.engine.heldPages()).isEqualTo(2);
  }

  @Test
  void refused_freesThePagesAndMapsNothing() {
    link.attached().mirror(0);
    copyAll(link.hear(in(Source.HOST, 2)), true);
    reported();

    List<AgentEffect> effects = link.hear(commit(false, 2));

    assertThat(only(effects, AgentEffect.InstallEntries.class)).isEmpty();
    assertThat(memories.pools.getFirst().count(PagePool.State.UNUSED)).isEqualTo(8);
    assertThat(link.engine.heldPages()).isZero();
  }

  @Test
  void zeros_areNotFetched() {
    link.attached().mirror(0);

    List<AgentEffect> effects = link.hear(in(Source.ZEROS, 3));

    assertThat(last(effects, AgentEffect.ZeroPages.class).localPages()).containsExactly(0, 1, 2);
    assertThat(only(effects, AgentEffect.CopyPages.class)).isEmpty();
    assertThat(reported().runs()).containsExactly(new MigrationRun.Report(3, Outcome.DONE, 0));
  }

  /**
   * Pitfall 24: room is looked for before anything is fetched, and the source stays where it is.
   */
  @Test
  void full_reportsNoMemoryAndAsksForRoom() {
    link.attached().mirror(0);

    List<AgentEffect> effects = link.hear(in(Source.HOST, 10));

    assertThat(last(effects, AgentEffect.MakeRoom.class).missingPages()).isEqualTo(2);
    copyAll(effects, true);
    assertThat(reported().runs())
        .containsExactly(
            new MigrationRun.Report(8, Outcome.DONE, 0),
            new MigrationRun.Report(2, Outcome.NO_MEMORY, 0));
  }

  @Test
  void copyThatFails_isReportedAndItsPagesAreFree() {
    link.attached().mirror(0);
    copyAll(link.hear(in(Source.HOST, 2)), false);

    assertThat(reported().runs()).containsExactly(new MigrationRun.Report(2, Outcome.FAILED, 0));
    assertThat(memories.pools.getFirst().count(PagePool.State.UNUSED)).isEqualTo(8);
  }

  /** Pitfall 26: what was not accepted is not mapped. */
  @Test
  void acceptedInPart_mapsThatPart() {
    link.attached().mirror(0);
    copyAll(link.hear(in(Source.HOST, 3)), true);
    reported();

    List<AgentEffect> effects =
        link.hear(
            new HostMessage.MigrationCommit(
                MIGRATION,
                10,
                List.of(
                    new MigrationRun.Commit(1, true, 6, false),
                    new MigrationRun.Commit(1, false, 0, false),
                    new MigrationRun.Commit(1, true, 6, true))));

    assertThat(only(effects, AgentEffect.InstallEntries.class))
        .extracting(AgentEffect.InstallEntries::vpn)
        .containsExactly(VPN, VPN + 2);
    assertThat(link.engine.heldPages()).isEqualTo(2);
  }

  @Test
  void invalidatedSince_isHeldButNotMapped() {
    link.attached().mirror(0);
    copyAll(link.hear(in(Source.HOST, 2)), true);
    reported();
    link.hear(LinkByHand.invalidate(1, 11, VPN, VPN + 1));

    List<AgentEffect> effects = link.hear(commit(true, 2));

    assertThat(last(effects, AgentEffect.InstallEntries.class).vpn()).isEqualTo(VPN + 1);
    assertThat(link.engine.heldPages()).isEqualTo(2);
  }

  /** INV-12: who hears of no invalidation there any more maps nothing. */
  @Test
  void mirrorClosedBeforeTheCommit_isHeldButNotMapped() {
    int mirror = link.attached().mirror(0);
    copyAll(link.hear(in(Source.HOST, 2)), true);
    reported();
    link.give(new AgentInput.CloseMirror(link.ticket(), mirror));

    List<AgentEffect> effects = link.hear(commit(true, 2));

    assertThat(only(effects, AgentEffect.InstallEntries.class)).isEmpty();
    assertThat(link.engine.heldPages()).isEqualTo(2);
  }

  /** INV-12: another mirror of the device, elsewhere, does not hear of it. */
  @Test
  void mirrorOverAPartOfThePages_mapsThatPart() {
    int mirror = link.attached().mirror(0, 0, Pages.address(VPN + 1));
    link.mirror(0, Pages.address(VPN + 1), Pages.ADDRESS_LIMIT);
    copyAll(link.hear(in(Source.HOST, 3)), true);
    reported();
    link.give(new AgentInput.CloseMirror(link.ticket(), mirror));

    List<AgentEffect> effects = link.hear(commit(true, 3));

    AgentEffect.InstallEntries installed = last(effects, AgentEffect.InstallEntries.class);
    assertThat(installed.vpn()).isEqualTo(VPN + 1);
    assertThat(installed.runs()).extracting(PageRun::firstLocalPage).containsExactly(1, 2);
  }

  @Test
  void outward_dropsAndDrainsBeforeItPushes_freesAtTheCommit() {
    migratedIn();

    List<AgentEffect> effects = link.hear(out(0, 2));
    AgentEffect.DropEntries drop = last(effects, AgentEffect.DropEntries.class);
    assertThat(only(effects, AgentEffect.CopyPages.class)).as("accesses still drain").isEmpty();

    List<AgentEffect> drained = link.give(new AgentInput.Drained(drop.drainId()));
    assertThat(last(drained, AgentEffect.CopyPages.class).copy().fromHost()).isFalse();
    copyAll(drained, true);
    assertThat(reported().runs()).containsExactly(new MigrationRun.Report(2, Outcome.DONE, 0));
    assertThat(link.engine.heldPages()).as("until the commit").isEqualTo(2);

    link.hear(
        new HostMessage.MigrationCommit(
            MIGRATION + 1, 20, List.of(new MigrationRun.Commit(2, true, 0, false))));
    assertThat(link.engine.heldPages()).isZero();
    assertThat(memories.pools.getFirst().count(PagePool.State.UNUSED)).isEqualTo(8);
  }

  @Test
  void outwardOfWhatIsNotHeld_fails() {
    migratedIn();

    List<AgentEffect> effects = link.hear(out(5, 1));
    link.give(new AgentInput.Drained(last(effects, AgentEffect.DropEntries.class).drainId()));

    assertThat(reported().runs()).containsExactly(new MigrationRun.Report(1, Outcome.FAILED, 0));
  }

  /** INV-5 for local pages: an answer from before the migration home maps nothing. */
  @Test
  void replyFromBeforeTheMigrationHome_isNotInstalled() {
    migratedIn();
    long ticket = link.want(0, VPN, 1, Access.READ);
    AgentMessage.FaultRequest asked = link.asked().getFirst();
    link.hear(out(0, 2));

    List<AgentEffect> effects =
        link.hear(
            new HostMessage.FaultReply(
                asked.faultId(),
                19,
                List.of(new PageRun(1, 6, true, PageRun.State.DEVICE_LOCAL, 0, null, 0)),
                null,
                ""));

    assertThat(only(effects, AgentEffect.InstallEntries.class)).isEmpty();
    assertThat(only(effects, AgentEffect.FaultDone.class)).isEmpty();
    assertThat(ticket).isPositive();
  }

  @Test
  void replyThatNamesAPageWhichIsNotHere_isNotInstalled() {
    link.attached().mirror(0);
    link.want(0, VPN, 1, Access.READ);
    AgentMessage.FaultRequest asked = link.asked().getFirst();

    List<AgentEffect> effects =
        link.hear(
            new HostMessage.FaultReply(
                asked.faultId(),
                1,
                List.of(new PageRun(1, 6, true, PageRun.State.DEVICE_LOCAL, 3, null, 0)),
                null,
                ""));

    assertThat(only(effects, AgentEffect.InstallEntries.class)).isEmpty();
  }

  // ---- crash tables: one good copy, wherever the session ends (INV-8)

  @Test
  void sessionEndsBeforeTheReport_pagesAreFreeOnceTheCopiesAreOver() {
    link.attached().mirror(0);
    List<AgentEffect> effects = link.hear(in(Source.HOST, 2));

    AgentMessage.Hello hello = reattach(List.of());

    assertThat(hello.held()).isEmpty();
    assertThat(memories.pools.getFirst().count(PagePool.State.FILLING))
        .as("a copy may still write there")
        .isEqualTo(2);
    copyAll(effects, false);
    assertThat(memories.pools.getFirst().count(PagePool.State.UNUSED)).isEqualTo(8);
  }

  @Test
  void sessionEndsBetweenReportAndCommit_helloNamesThePages_discardedOnesAreFreed() {
    link.attached().mirror(0);
    copyAll(link.hear(in(Source.HOST, 2)), true);
    reported();

    AgentMessage.Hello hello = reattach(List.of(new LocalPages(0, MIGRATION, 1, 1)));

    assertThat(hello.held()).containsExactly(new LocalPages(0, MIGRATION, 0, 2));
    assertThat(hello.heldEpoch()).isEqualTo(LinkByHand.EPOCH);
    assertThat(link.engine.heldPages()).as("the other one the host counts on").isOne();
  }

  @Test
  void sessionEndsBetweenReportAndCommitOfAMigrationHome_pagesAreStillHeld() {
    migratedIn();
    List<AgentEffect> effects = link.hear(out(0, 2));
    copyAll(
        link.give(new AgentInput.Drained(last(effects, AgentEffect.DropEntries.class).drainId())),
        true);
    reported();

    AgentMessage.Hello hello = reattach(List.of(new LocalPages(0, MIGRATION, 0, 2)));

    assertThat(hello.held()).containsExactly(new LocalPages(0, MIGRATION, 0, 2));
    assertThat(link.engine.heldPages()).as("home had been committed").isZero();
  }

  @Test
  void hostBeganAnew_everythingHeldOfTheOneBeforeIsFreed() {
    migratedIn();
    List<AgentEffect> dropped = link.give(new AgentInput.StreamEnded(link.attempt(), "broken"));
    link.give(new AgentInput.Drained(last(dropped, AgentEffect.DropEverything.class).drainId()));
    link.after(10 * LinkByHand.TTL, new AgentInput.Tick());
    link.give(new AgentInput.StreamOpened(link.attempt()));

    link.give(
        new AgentInput.Received(
            link.attempt(),
            new HostMessage.Batch(
                8,
                9,
                List.of(
                    new HostMessage.Welcome(
                        "host", 8, 9, LinkByHand.TTL, LinkByHand.INTERVAL, 256)))));

    assertThat(link.engine.heldPages()).isZero();
    assertThat(memories.pools.getFirst().count(PagePool.State.UNUSED)).isEqualTo(8);
  }

  @Test
  void releaseOfAFormerUse_freesNothing() {
    migratedIn();

    link.hear(new HostMessage.PagesReleased(List.of(new LocalPages(0, MIGRATION - 1, 0, 2))));
    assertThat(link.engine.heldPages()).isEqualTo(2);
    link.hear(new HostMessage.PagesReleased(List.of(new LocalPages(0, MIGRATION, 0, 2))));
    assertThat(link.engine.heldPages()).isZero();
  }

  // ---- eviction, unplug, wishes

  @Test
  void evictionThatCouldNotMoveThePages_keepsThem() {
    migratedIn();
    List<Integer> victims = memories.pools.getFirst().victims(2, page -> false);

    link.give(new AgentInput.EvictPages(0, victims));
    AgentMessage.EvictRequest asked = last(link.said(), AgentMessage.EvictRequest.class);
    assertThat(asked.candidates()).containsExactly(new LocalPages(0, MIGRATION, 0, 2));
    assertThat(memories.pools.getFirst().count(PagePool.State.LEAVING)).isEqualTo(2);

    link.hear(new HostMessage.EvictReply(asked.requestId(), 0));
    assertThat(memories.pools.getFirst().count(PagePool.State.USED)).isEqualTo(2);
  }

  /** Pitfall 30. */
  @Test
  void closing_isAnsweredWhenTheHostNeedsNothingMore_andOutlivesASession() {
    migratedIn();
    link.give(new AgentInput.CloseMemory(5, 0));
    assertThat(last(link.said(), AgentMessage.CloseDevice.class).deviceIndex()).isZero();

    reattach(List.of());
    AgentMessage.CloseDevice again = last(link.said(), AgentMessage.CloseDevice.class);
    assertThat(again.deviceIndex()).isZero();

    List<AgentEffect> effects = link.hear(new HostMessage.DeviceClosed(0, 0, again.requestId()));
    assertThat(last(effects, AgentEffect.MemoryClosed.class).ticket()).isEqualTo(5);
  }

  @Test
  void lateEndOfAFirstDrain_isNotThatOfTheSecond() {
    migratedIn();
    link.give(new AgentInput.CloseMemory(5, 0));
    long first = last(link.said(), AgentMessage.CloseDevice.class).requestId();
    link.give(new AgentInput.OpenMemory(0));
    link.give(new AgentInput.CloseMemory(6, 0));
    long second = last(link.said(), AgentMessage.CloseDevice.class).requestId();

    assertThat(link.hear(new HostMessage.DeviceClosed(0, 0, first)))
        .noneMatch(AgentEffect.MemoryClosed.class::isInstance);
    List<AgentEffect> effects = link.hear(new HostMessage.DeviceClosed(0, 0, second));
    assertThat(last(effects, AgentEffect.MemoryClosed.class).ticket()).isEqualTo(6);
  }

  @Test
  void endOfADrain_thatAnOlderHostDoesNotName_answersWhoeverWaits() {
    migratedIn();
    link.give(new AgentInput.CloseMemory(5, 0));
    List<AgentEffect> effects = link.hear(new HostMessage.DeviceClosed(0, 0, 0));
    assertThat(last(effects, AgentEffect.MemoryClosed.class).ticket()).isEqualTo(5);
  }

  @Test
  void firstTouch_asksOnceForEachPage() {
    LinkByHand wishing = linkOf(MigrationPolicy.FIRST_TOUCH).attached();
    int mirror = wishing.mirror(0);
    wishing.want(0, VPN, 2, Access.WRITE);
    wishing.hear(LinkByHand.reply(wishing.asked().getFirst().faultId(), 1, 2, true));

    assertThat(last(wishing.said(), AgentMessage.MigrateRequest.class))
        .isEqualTo(new AgentMessage.MigrateRequest(1, mirror, Pages.address(VPN), 2));

    wishing.want(0, VPN, 2, Access.WRITE);
    wishing.hear(LinkByHand.reply(wishing.asked().getFirst().faultId(), 1, 2, true));
    assertThat(only(wishing.said(), AgentMessage.MigrateRequest.class)).isEmpty();
  }
}
