package dev.fenceline.testbed.sim;

import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.testbed.check.History;
import dev.fenceline.testbed.check.InitialValue;
import dev.fenceline.testbed.check.Linearizability;
import dev.fenceline.testbed.check.Verdict;
import java.util.ArrayList;
import java.util.Arrays;
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
  /** The words of one private page, or of a page that several mappings show. */
  private static final class Words {
    final long[] values = new long[Frames.WORDS];

    /** Under which address space, or object, and page the history knows them. */
    final int key;

    final long vpn;
    boolean touched;

    Words(int key, long vpn) {
      this.key = key;
      this.vpn = vpn;
    }
  }

  /** What shared mappings show. Confined to the event loop. */
  private static final class Shared {
    final int key;
    final String name;
    final TreeMap<Long, Words> pages = new TreeMap<>();
    long mappedPages;

    Shared(int key, String name) {
      this.key = key;
      this.name = name;
    }
  }

  /** A mapped page. Confined to the event loop. */
  private static final class Page {
    Words words;
    Protection protection;
    final @Nullable Shared object;
    final long index;

    Page(Words words, Protection protection, @Nullable Shared object, long index) {
      this.words = words;
      this.protection = protection;
      this.object = object;
      this.index = index;
    }
  }

  /** An address space. Confined to the event loop. */
  private static final class Space {
    final int key;

    /** The objects that it and its forked kin find by name. */
    final TreeMap<String, Shared> named;

    final TreeMap<Long, Page> pages = new TreeMap<>();
    long heapEnd = -1;

    Space(int key, TreeMap<String, Shared> named) {
      this.key = key;
      this.named = named;
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
      spaces.put(new SimSpace(hostEpoch, value), new Space(++lastKey, new TreeMap<>()));
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
      case SpaceOperation.SetOomScoreAdjust s -> {}
      case SpaceOperation.SetAttributes a -> {}
      case SpaceOperation.Invalidate i -> {}
      case SpaceOperation.Sync s -> {}
      case SpaceOperation.HandleMissing h -> {}
      case SpaceOperation.Supply s -> throw new AssertionError("nobody supplies: " + s);
      case SpaceOperation.Pin p -> {}
      case SpaceOperation.Unpin u -> {}
      case SpaceOperation.MigrateToDevice m -> {}
      case SpaceOperation.MigrateToHost m -> {}
      case SpaceOperation.Internal changesNothingThatIsSeen -> {}
      case SpaceOperation.Destroy d -> {
        unmap(space, 0, Pages.PAGE_LIMIT);
        spaces.remove(id);
      }
      case SpaceOperation.Fork f -> fork(space, new SimSpace(hostEpoch, value));
      case SpaceOperation.Map m -> {
        Shared object = m.region().shared() ? object(space, m.region().backing()) : null;
        long pages = vpnEnd(value, m.length()) - vpn(value);
        if (object != null) {
          object.mappedPages += pages; // before what is replaced goes
        }
        unmap(space, vpn(value), vpnEnd(value, m.length()));
        map(
            space,
            vpn(value),
            vpnEnd(value, m.length()),
            new Content(m.region().protection(), object, vpn(m.region().offset())));
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

  /** Whether there is such a page in this moment. */
  boolean maps(SimSpace id, long vpn) {
    Space space = spaces.get(id);
    return space != null && space.pages.containsKey(vpn);
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
    return page == null ? 0 : page.words.values[Frames.word(address)];
  }

  void write(SimSpace id, long address, long value) {
    Page page = page(id, address);
    if (page != null) {
      page.words.touched = true;
      page.words.values[Frames.word(address)] = value;
    }
  }

  /** What the history calls the word in this moment: pages of one object have one name. */
  long word(SimSpace id, long address) {
    Page page = page(id, address);
    return page == null
        ? History.word(Math.max(key(id), 0), address)
        : word(page.words, Frames.word(address));
  }

  private static long word(Words words, int word) {
    return History.word(words.key, Frames.address(words.vpn, word));
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

  /** What is mapped. */
  private record Content(Protection protection, @Nullable Shared object, long firstIndex) {
    static Content anonymous(Protection protection) {
      return new Content(protection, null, 0);
    }
  }

  private Shared object(Space space, String name) {
    if (name.isEmpty()) {
      return new Shared(++lastKey, name);
    }
    return space.named.computeIfAbsent(name, key -> new Shared(++lastKey, name));
  }

  /** An object's count of mapped pages is the caller's to raise. */
  private void map(Space space, long vpnStart, long vpnEnd, Content content) {
    for (long vpn = vpnStart; vpn < vpnEnd; vpn++) {
      long index = content.firstIndex() + vpn - vpnStart;
      Shared object = content.object();
      Words words = object == null ? null : object.pages.get(index);
      if (words == null) {
        words = object == null ? new Words(space.key, vpn) : new Words(object.key, index);
        reset(words);
      }
      if (object != null) {
        object.pages.put(index, words);
      }
      space.pages.put(vpn, new Page(words, content.protection(), object, index));
    }
  }

  private void unmap(Space space, long vpnStart, long vpnEnd) {
    var gone = space.pages.subMap(vpnStart, vpnEnd);
    for (Page page : gone.values()) {
      Shared object = page.object;
      if (object == null) {
        end(page.words);
      } else if (--object.mappedPages == 0) {
        object.pages.values().forEach(this::end);
        space.named.remove(object.name, object);
      }
    }
    gone.clear();
  }

  private void end(Words words) {
    if (words.touched) {
      for (int word = 0; word < Frames.WORDS; word++) {
        long stamp = loop.stamp();
        history.unmap(word(words, word), stamp, stamp, OWNER);
      }
    }
  }

  /** The pages of objects stay: they are mapped elsewhere, or may be again. */
  private void discard(Space space, long vpnStart, long vpnEnd) {
    for (Page page : space.pages.subMap(vpnStart, vpnEnd).values()) {
      if (page.object == null && page.words.touched) {
        Arrays.fill(page.words.values, 0);
        reset(page.words);
        page.words.touched = false;
      }
    }
  }

  private void reset(Words words) {
    for (int word = 0; word < Frames.WORDS; word++) {
      long stamp = loop.stamp();
      history.reset(word(words, word), words.values[word], stamp, stamp, OWNER);
    }
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
      map(space, from, to, Content.anonymous(Protection.READ_WRITE));
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
      Shared object = first == null ? null : first.object;
      long index = first == null ? 0 : first.index + oldEnd - oldStart;
      if (object != null) {
        object.mappedPages += newEnd - newStart - (oldEnd - oldStart);
      }
      map(
          space,
          newStart + oldEnd - oldStart,
          newEnd,
          new Content(protection, object, object == null ? 0 : index));
    }
  }

  private void move(Space space, long vpnStart, long vpnEnd, long toVpn) {
    List<Map.Entry<Long, Page>> moving = new ArrayList<>();
    space.pages.subMap(vpnStart, vpnEnd).forEach((vpn, page) -> moving.add(Map.entry(vpn, page)));
    for (Map.Entry<Long, Page> entry : moving) {
      Page page = entry.getValue();
      space.pages.remove(entry.getKey());
      long target = entry.getKey() - vpnStart + toVpn;
      space.pages.put(target, page);
      if (page.object == null) {
        end(page.words);
        page.words = copied(page.words, space.key, target);
      }
    }
  }

  private Words copied(Words from, int key, long vpn) {
    Words copy = new Words(key, vpn);
    copy.touched = from.touched;
    System.arraycopy(from.values, 0, copy.values, 0, Frames.WORDS);
    reset(copy);
    return copy;
  }

  private void fork(Space parent, SimSpace childId) {
    Space child = new Space(++lastKey, parent.named);
    child.heapEnd = parent.heapEnd;
    spaces.put(childId, child);
    parent.pages.forEach(
        (vpn, page) -> {
          Words words = page.words;
          if (page.object == null) {
            words = copied(words, child.key, vpn);
          } else {
            page.object.mappedPages++;
          }
          child.pages.put(vpn, new Page(words, page.protection, page.object, page.index));
        });
  }
}
