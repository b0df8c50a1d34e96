package dev.fenceline.agent.engine.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.agent.engine.memory.PagePool.State;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class PagePoolTest {
  private static final int KEEPER = 3;

  private final PagePool pages = new PagePool(4);

  private int used() {
    int page = pages.allocate(KEEPER);
    pages.use(page);
    return page;
  }

  @Test
  void full_noPageIsAllocated() {
    for (int i = 0; i < 4; i++) {
      assertThat(pages.allocate(KEEPER)).isNotEqualTo(PagePool.NONE);
    }
    assertThat(pages.allocate(KEEPER)).isEqualTo(PagePool.NONE);
    assertThat(pages.count(State.FILLING)).isEqualTo(4);
  }

  /** Pitfall 39: lists in order unused, discarded, used; never a page that is being filled. */
  @Test
  void victims_discardedBeforeOldest_neverBeingFilled() {
    int oldest = used();
    int filling = pages.allocate(KEEPER);
    int young = used();
    int discarded = used();
    pages.discard(discarded);

    assertThat(pages.victims(4, page -> false)).containsExactly(discarded, oldest, young);
    assertThat(pages.state(filling)).isEqualTo(State.FILLING);
    assertThat(pages.state(oldest)).isEqualTo(State.LEAVING);
    assertThat(pages.victims(4, page -> false)).as("nobody is picked twice").isEmpty();
  }

  @Test
  void accessedSince_getsASecondChance_onlyOne() {
    int first = used();
    int second = used();

    assertThat(pages.victims(1, page -> page == first)).containsExactly(second);
    assertThat(pages.victims(1, page -> true)).as("everybody was accessed").containsExactly(first);
  }

  @Test
  void victimThatStays_isUsedAgain() {
    int page = used();
    pages.victims(1, any -> false);
    pages.use(page);

    assertThat(pages.count(State.USED)).isOne();
    assertThat(pages.keeper(page)).isEqualTo(KEEPER);
  }

  @Test
  void freeOfAnUnusedPage_isRefused() {
    assertThatThrownBy(() -> pages.free(0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> pages.use(0)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void randomWalk_everyPageIsInOneState() {
    long seed = 20_261_121;
    SplittableRandom random = new SplittableRandom(seed);
    PagePool walked = new PagePool(16);
    TreeSet<Integer> taken = new TreeSet<>();
    for (int step = 0; step < 20_000; step++) {
      List<Integer> choice = new ArrayList<>(taken);
      int page = choice.isEmpty() ? PagePool.NONE : choice.get(random.nextInt(choice.size()));
      switch (random.nextInt(5)) {
        case 0 -> {
          int got = walked.allocate(step);
          assertThat(got == PagePool.NONE).as("seed %d", seed).isEqualTo(taken.size() == 16);
          assertThat(got == PagePool.NONE || taken.add(got)).as("seed %d", seed).isTrue();
        }
        case 1 -> walked.victims(random.nextInt(3), any -> random.nextBoolean());
        case 2 -> {
          if (page != PagePool.NONE) {
            walked.use(page);
          }
        }
        case 3 -> {
          if (page != PagePool.NONE) {
            walked.discard(page);
          }
        }
        default -> {
          if (page != PagePool.NONE) {
            walked.free(page);
            taken.remove(page);
          }
        }
      }
      int sum = 0;
      for (State state : State.values()) {
        sum += walked.count(state);
      }
      assertThat(sum).as("seed %d, step %d", seed, step).isEqualTo(16);
      assertThat(walked.count(State.UNUSED)).as("seed %d", seed).isEqualTo(16 - taken.size());
    }
  }
}
