package dev.fenceline.agent.engine.memory;

import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.IntPredicate;

/**
 * The pages of one device's memory and what each is good for. Not thread-safe: its owner guards it.
 *
 * <p>Victims are picked as UVM picks them: what nobody needs any more (discarded) before what is in
 * use, the least recently used first, with a second chance for what was accessed since; never a
 * page that is being filled or is on its way out already.
 *
 * <pre>
 *   UNUSED -> FILLING                          allocate
 *   FILLING -> USED | UNUSED                   use | free
 *   USED <-> DISCARDED                         discard | use
 *   USED, DISCARDED -> LEAVING                 picked as a victim
 *   LEAVING -> USED | UNUSED                   use (it stays after all) | free
 *   USED, DISCARDED -> UNUSED                  free
 * </pre>
 */
public final class PagePool {
  /** No page. */
  public static final int NONE = -1;

  /** What a page is good for. */
  public enum State {
    UNUSED,
    FILLING,
    USED,
    DISCARDED,
    LEAVING
  }

  /** Doubly linked through the pages' numbers; the heads lie behind the pages. */
  private final int[] next;

  private final int[] previous;
  private final State[] states;
  private final int[] keepers;
  private final int[] counts = new int[State.values().length];
  private final int pages;

  /** How many pages of each 2 MiB are unused. */
  private final int[] unusedInBlock;

  public PagePool(int pages) {
    this.pages = pages;
    int lists = State.values().length;
    next = new int[pages + lists];
    unusedInBlock = new int[(pages >>> Pages.BLOCK_ORDER) + 1];
    previous = new int[pages + lists];
    states = new State[pages];
    keepers = new int[pages];
    for (int list = 0; list < lists; list++) {
      next[pages + list] = pages + list;
      previous[pages + list] = pages + list;
    }
    Arrays.fill(states, State.UNUSED);
    for (int page = 0; page < pages; page++) {
      append(page, State.UNUSED);
    }
  }

  public int pages() {
    return pages;
  }

  public int count(State state) {
    return counts[state.ordinal()];
  }

  public State state(int page) {
    return states[Objects.checkIndex(page, pages)];
  }

  /** Who allocated a page that is not unused. */
  public int keeper(int page) {
    return keepers[Objects.checkIndex(page, pages)];
  }

  /**
   * Takes an unused page, to be filled.
   *
   * @return {@link #NONE} if there is none: then room has to be made first
   */
  public int allocate(int keeper) {
    int page = next[head(State.UNUSED)];
    if (page >= pages) {
      return NONE;
    }
    move(page, State.FILLING);
    keepers[page] = keeper;
    return page;
  }

  /**
   * Takes 512 consecutive unused pages, from a multiple of 512 on, to be filled.
   *
   * @return the first of them; {@link #NONE} if no such block is unused as a whole
   */
  public int allocateBlock(int keeper) {
    for (int block = 0; block < unusedInBlock.length; block++) {
      if (unusedInBlock[block] == Pages.PER_BLOCK) {
        int first = block << Pages.BLOCK_ORDER;
        for (int page = first; page < first + Pages.PER_BLOCK; page++) {
          move(page, State.FILLING);
          keepers[page] = keeper;
        }
        return first;
      }
    }
    return NONE;
  }

  /** The page holds what somebody needs; it is the most recently used one now. */
  public void use(int page) {
    refuseUnused(page);
    move(page, State.USED);
  }

  /** What the page holds is about to be thrown away; it goes before any that is in use. */
  public void discard(int page) {
    if (state(page) == State.USED) {
      move(page, State.DISCARDED);
    }
  }

  /** Nobody needs the page nor can reach it. */
  public void free(int page) {
    refuseUnused(page);
    move(page, State.UNUSED);
  }

  /**
   * Picks pages that should go, up to a number; they are leaving from now on.
   *
   * @param accessedSince whether a page was accessed since it was last asked; asking forgets it
   */
  public List<Integer> victims(int count, IntPredicate accessedSince) {
    List<Integer> victims = new ArrayList<>();
    while (victims.size() < count && count(State.DISCARDED) > 0) {
      take(next[head(State.DISCARDED)], victims);
    }
    // Once around: after that every page has had its second chance, and the oldest one goes.
    for (int chances = count(State.USED); victims.size() < count && count(State.USED) > 0; ) {
      int oldest = next[head(State.USED)];
      if (chances-- > 0 && accessedSince.test(oldest)) {
        move(oldest, State.USED);
      } else {
        take(oldest, victims);
      }
    }
    return victims;
  }

  /** Picks a certain page as a victim; false if it is none that could go. */
  public boolean pick(int page) {
    boolean goes = state(page) == State.USED || state(page) == State.DISCARDED;
    if (goes) {
      move(page, State.LEAVING);
    }
    return goes;
  }

  private void take(int page, List<Integer> victims) {
    move(page, State.LEAVING);
    victims.add(page);
  }

  private void refuseUnused(int page) {
    if (state(page) == State.UNUSED) {
      throw new IllegalStateException("local page " + page + " is not allocated");
    }
  }

  private int head(State list) {
    return pages + list.ordinal();
  }

  private void move(int page, State to) {
    next[previous[page]] = next[page];
    previous[next[page]] = previous[page];
    counts[states[page].ordinal()]--;
    if (states[page] == State.UNUSED) {
      unusedInBlock[page >>> Pages.BLOCK_ORDER]--;
    }
    append(page, to);
  }

  private void append(int page, State to) {
    int head = head(to);
    if (to == State.UNUSED) {
      unusedInBlock[page >>> Pages.BLOCK_ORDER]++;
    }
    previous[page] = previous[head];
    next[page] = head;
    next[previous[page]] = page;
    previous[head] = page;
    states[page] = to;
    counts[to.ordinal()]++;
  }
}
