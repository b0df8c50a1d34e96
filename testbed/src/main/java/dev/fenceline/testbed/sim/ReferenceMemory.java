package dev.fenceline.testbed.sim;

import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.testbed.check.History;
import dev.fenceline.testbed.check.InitialValue;
import dev.fenceline.testbed.check.Linearizability;
import dev.fenceline.testbed.check.Verdict;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the memory of every address space must hold: a page-by-page model of its operations, against
 * which each access is compared in the moment in which it happens, and the history of all accesses,
 * which is judged at the end from outside (INV-13). Confined to the event loop.
 */
final class ReferenceMemory {
  /** A mapped page. Confined to the event loop. */
  private static final class Page {
    final long[] words = new long[Frames.WORDS];
    Protection protection;
    boolean touched;

    Page(Protection protection) {
      this.protection = protection;
    }
  }

  /** An address space. Confined to the event loop. */
  private static final class Space {
    final int key;
    final TreeMap<Long, Page> pages = new TreeMap<>();
    long heapEnd = -1;

    Space(int key) {
      this.key = key;
    }
  }

  private static final int OWNER = 0;

  private final EventLoop loop;
  private final Map<SimSpace, Space> spaces = new HashMap<>();
  private final History history = new History(4096);
  private int lastKey;

  ReferenceMemory(EventLoop loop) {
    this.loop = loop;
  }

  /** The key of a space in the history, or -1 if it does not exist. */
  int key(SimSpace space) {
    Space known = spaces.get(space);
    return known == null ? -1 : known.key;
  }

  History history() {
    return history;
  }

  /** The operation took effect in this moment. */
  void applied(long hostEpoch, SpaceOperation operation, long value) {
    if (operation instanceof SpaceOperation.Create) {
      spaces.put(new SimSpace(hostEpoch, value), new Space(++lastKey));
      return;
    }
    if (operation instanceof SpaceOperation.Unpin) {
      return; // of a space that may have gone
    }
    SimSpace id = new SimSpace(hostEpoch, operation.spaceId());
    Space space = spaces.get(id);
    if (space == null) {
      throw new InvariantViolation("MODEL", "done on a space that is not there: " + operation);
    }
    switch (operation) {
      case SpaceOperation.Create c -> {}
      case SpaceOperation.SetMode m -> {}
      case SpaceOperation.Invalidate i -> {}
      case SpaceOperation.Pin p -> {}
      case SpaceOperation.Unpin u -> {}
      case SpaceOperation.Internal changesNothingThatIsSeen -> {}
      case SpaceOperation.Destroy d -> {
        unmap(space, 0, Pages.PAGE_LIMIT);
        spaces.remove(id);
      }
      case SpaceOperation.Fork f -> fork(space, new SimSpace(hostEpoch, value));
      case SpaceOperation.Map m -> {
        unmap(space, vpn(value), vpnEnd(value, m.length()));
        map(space, vpn(value), vpnEnd(value, m.length()), m.region().protection());
      }
      case SpaceOperation.Unmap u ->
          unmap(space, vpn(u.address()), vpnEnd(u.address(), u.length()));
      case SpaceOperation.Protect p ->
          space
              .pages
              .subMap(vpn(p.address()), vpnEnd(p.address(), p.length()))
              .values()
              .forEach(page -> page.protection = p.protection());
      case SpaceOperation.Advise a -> {
        if (a.advice() == SpaceOperation.Advice.DONTNEED) {
          discard(space, vpn(a.address()), vpnEnd(a.address(), a.length()));
        }
      }
      case SpaceOperation.Brk b -> brk(space, b.end());
      case SpaceOperation.Remap r -> remap(space, r, value);
    }
  }

  /** The host's memory is lost with it. */
  void hostLost(long hostEpoch) {
    spaces.keySet().removeIf(space -> space.hostEpoch() == hostEpoch);
  }

  /** Why the access may not happen in this moment, or null. */
  @Nullable String forbidden(SimSpace id, long address, boolean write) {
    Page page = page(id, address);
    if (page == null) {
      return "is not mapped";
    }
    if (!page.protection.read() || (write && !page.protection.write())) {
      return "is mapped " + page.protection;
    }
    return null;
  }

  long read(SimSpace id, long address) {
    Page page = page(id, address);
    return page == null ? 0 : page.words[Frames.word(address)];
  }

  void write(SimSpace id, long address, long value) {
    Page page = page(id, address);
    if (page != null) {
      page.touched = true;
      page.words[Frames.word(address)] = value;
    }
  }

  /** Judges the history of all accesses. */
  Verdict judge() {
    return Linearizability.check(history, InitialValue.ZERO);
  }

  private @Nullable Page page(SimSpace id, long address) {
    Space space = spaces.get(id);
    return space == null ? null : space.pages.get(Pages.number(address));
  }

  private static long vpn(long address) {
    return Pages.number(address);
  }

  private static long vpnEnd(long address, long length) {
    return Pages.number(Pages.roundUp(address + length));
  }

  private void map(Space space, long vpnStart, long vpnEnd, Protection protection) {
    for (long vpn = vpnStart; vpn < vpnEnd; vpn++) {
      Page page = new Page(protection);
      space.pages.put(vpn, page);
      for (int word = 0; word < Frames.WORDS; word++) {
        reset(space, vpn, word, 0);
      }
    }
  }

  private void unmap(Space space, long vpnStart, long vpnEnd) {
    var gone = space.pages.subMap(vpnStart, vpnEnd);
    gone.forEach((vpn, page) -> end(space, vpn, page));
    gone.clear();
  }

  private void end(Space space, long vpn, Page page) {
    if (page.touched) {
      for (int word = 0; word < Frames.WORDS; word++) {
        long stamp = loop.stamp();
        history.unmap(History.word(space.key, Frames.address(vpn, word)), stamp, stamp, OWNER);
      }
    }
  }

  private void discard(Space space, long vpnStart, long vpnEnd) {
    space
        .pages
        .subMap(vpnStart, vpnEnd)
        .forEach(
            (vpn, page) -> {
              for (int word = 0; word < Frames.WORDS && page.touched; word++) {
                page.words[word] = 0;
                reset(space, vpn, word, 0);
              }
              page.touched = false;
            });
  }

  private void reset(Space space, long vpn, int word, long value) {
    long stamp = loop.stamp();
    history.reset(History.word(space.key, Frames.address(vpn, word)), value, stamp, stamp, OWNER);
  }

  private void brk(Space space, long end) {
    if (end == 0) {
      return;
    }
    long before = space.heapEnd;
    space.heapEnd = end;
    if (before < 0) {
      return;
    }
    long from = vpn(Pages.roundUp(before));
    long to = vpn(Pages.roundUp(end));
    if (to > from) {
      map(space, from, to, Protection.READ_WRITE);
    } else {
      unmap(space, to, from);
    }
  }

  private void remap(Space space, SpaceOperation.Remap remap, long value) {
    long oldStart = vpn(remap.oldAddress());
    long oldEnd = vpnEnd(remap.oldAddress(), remap.oldLength());
    long newStart = vpn(value);
    long newEnd = vpnEnd(value, remap.newLength());
    Page first = space.pages.get(oldStart);
    Protection protection = first == null ? Protection.NONE : first.protection;
    if (newStart != oldStart) {
      unmap(space, newStart, newEnd);
      move(space, oldStart, Math.min(oldEnd, oldStart + newEnd - newStart), newStart);
    }
    long tail = newStart == oldStart ? newEnd : oldStart;
    if (tail < oldEnd) {
      unmap(space, tail, oldEnd);
    }
    if (newEnd - newStart > oldEnd - oldStart) {
      map(space, newStart + oldEnd - oldStart, newEnd, protection);
    }
  }

  private void move(Space space, long vpnStart, long vpnEnd, long toVpn) {
    List<Map.Entry<Long, Page>> moving = new ArrayList<>();
    space.pages.subMap(vpnStart, vpnEnd).forEach((vpn, page) -> moving.add(Map.entry(vpn, page)));
    for (Map.Entry<Long, Page> entry : moving) {
      Page page = entry.getValue();
      end(space, entry.getKey(), page);
      space.pages.remove(entry.getKey());
      long target = entry.getKey() - vpnStart + toVpn;
      space.pages.put(target, page);
      for (int word = 0; word < Frames.WORDS; word++) {
        reset(space, target, word, page.words[word]);
      }
    }
  }

  private void fork(Space parent, SimSpace childId) {
    Space child = new Space(++lastKey);
    child.heapEnd = parent.heapEnd;
    spaces.put(childId, child);
    parent.pages.forEach(
        (vpn, page) -> {
          Page copy = new Page(page.protection);
          copy.touched = page.touched;
          System.arraycopy(page.words, 0, copy.words, 0, Frames.WORDS);
          child.pages.put(vpn, copy);
          for (int word = 0; word < Frames.WORDS; word++) {
            reset(child, vpn, word, page.words[word]);
          }
        });
  }
}
