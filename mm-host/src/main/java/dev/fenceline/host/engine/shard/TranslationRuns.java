package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.migration.DeviceOwner;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.PteType;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.PageRun.State;
import dev.fenceline.model.Peer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The translations of a fault reply, pages with equal attributes joined. Confined to one call. */
final class TranslationRuns {
  private final ShardState state;
  private final DeviceId reader;
  private final List<PageRun> runs = new ArrayList<>(2);

  /**
   * @param reader the device that gets the reply
   */
  TranslationRuns(ShardState state, DeviceId reader) {
    this.state = state;
    this.reader = reader;
  }

  /** A page that is mapped, by its entry, in a block of 2^order pages with one translation. */
  void add(long entry, int order) {
    PteType type = Pte.type(entry);
    if (type != PteType.DEVICE_PRIVATE) {
      State found =
          Pte.isZero(entry)
              ? State.ZERO
              : type == PteType.EXCLUSIVE ? State.EXCLUSIVE : State.PRESENT;
      add(new PageRun(1, Pte.generation(entry), Pte.writable(entry), found, 0, null, order));
      return;
    }
    DeviceOwner owner = state.devicePages.owner(Pte.frame(entry));
    boolean own = owner.device().equals(reader);
    add(
        new PageRun(
            1,
            Pte.generation(entry),
            Pte.writable(entry),
            own ? State.DEVICE_LOCAL : State.PEER,
            state.devicePages.localPage(Pte.frame(entry)),
            own
                ? null
                : new Peer(owner.device(), owner.peerTarget(), owner.description().coherent()),
            order));
  }

  void add(int generation, boolean writable, State found) {
    add(new PageRun(1, generation, writable, found));
  }

  private void add(PageRun page) {
    PageRun last = runs.isEmpty() ? null : runs.getLast();
    if (last == null || !continues(last, page)) {
      runs.add(page);
      return;
    }
    runs.set(
        runs.size() - 1,
        new PageRun(
            last.pageCount() + 1,
            last.generation(),
            last.writable(),
            last.state(),
            last.firstLocalPage(),
            last.peer(),
            last.order()));
  }

  private static boolean continues(PageRun last, PageRun page) {
    boolean inDevice = page.state() == State.DEVICE_LOCAL || page.state() == State.PEER;
    return last.pageCount() < FaultService.MAX_PAGES_PER_FAULT
        && last.generation() == page.generation()
        && last.writable() == page.writable()
        && last.state() == page.state()
        && last.order() == page.order()
        && same(last.peer(), page.peer())
        && (!inDevice || last.firstLocalPage() + last.pageCount() == page.firstLocalPage());
  }

  private static boolean same(@Nullable Peer one, @Nullable Peer other) {
    return one == null ? other == null : one.equals(other);
  }

  List<PageRun> build() {
    return runs;
  }
}
