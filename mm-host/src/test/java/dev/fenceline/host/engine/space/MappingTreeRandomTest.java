package dev.fenceline.host.engine.space;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.SeededRuns;
import dev.fenceline.host.engine.space.MapOperation.RemapPlacement;
import dev.fenceline.host.engine.space.MapOutcome.Done;
import dev.fenceline.host.engine.space.MapOutcome.Refused;
import dev.fenceline.host.engine.space.ReferenceMappings.Expected;
import dev.fenceline.host.engine.space.ReferenceMappings.PageState;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.model.VirtualRange;
import java.util.List;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Long random histories of operations against {@link ReferenceMappings}. */
class MappingTreeRandomTest {
  private static final long LOWEST_PAGE = Pages.number(MappingLimits.MIN_ADDRESS);
  private static final int UNIVERSE_PAGES = 60;
  private static final List<Protection> PROTECTIONS =
      List.of(Protection.NONE, Protection.READ, Protection.READ_WRITE);

  @Test
  void randomOperations_matchTheReference() {
    SeededRuns.forSeeds(
        "MappingTreeRandomTest#randomOperations_matchTheReference",
        120,
        random -> compare(random, limits(65_530)));
  }

  @Test
  void randomOperationsAtTheLimit_matchTheReference() {
    SeededRuns.forSeeds(
        "MappingTreeRandomTest#randomOperationsAtTheLimit_matchTheReference",
        120,
        random -> compare(random, limits(random.nextInt(1, 14))));
  }

  private static MappingLimits limits(int maxMappings) {
    return new MappingLimits(Pages.address(LOWEST_PAGE + UNIVERSE_PAGES - 10), maxMappings);
  }

  private static void compare(RandomGenerator random, MappingLimits limits) {
    MappingTree tree = new MappingTree(limits);
    ReferenceMappings reference = new ReferenceMappings(limits);
    for (int step = 0; step < 150; step++) {
      MapOperation operation = randomOperation(random);
      TreeMap<Long, PageState> before = new TreeMap<>(reference.pages());
      assertThat(flattened(tree)).isEqualTo(before);
      MapOutcome planned = tree.plan(operation);
      assertThat(flattened(tree)).as("a plan changed the tree").isEqualTo(before);
      MapOutcome outcome = tree.apply(operation);
      assertThat(outcome).isEqualTo(planned);
      Expected expected = reference.apply(operation);
      switch (outcome) {
        case Refused(var errno, var detail) ->
            assertThat(errno).as(operation + ": " + detail).isEqualTo(expected.errno());
        case Done done -> {
          assertThat(expected.errno()).as(operation + " was done").isNull();
          assertThat(done.address()).as(operation::toString).isEqualTo(expected.address());
          checkPieces(done, before, reference.pages());
        }
      }
      assertThat(flattened(tree)).as(operation::toString).isEqualTo(reference.pages());
      assertThat(tree.size()).as("merged").isEqualTo(reference.runs());
      assertThat(tree.totalPages()).isEqualTo(reference.pages().size());
      checkQueries(random, tree, reference.pages());
    }
    assertThat(flattened(tree.fork())).isEqualTo(withoutDontFork(reference.pages()));
  }

  /** Each page that vanished or changed is named, as it was; moved pages arrive unchanged. */
  private static void checkPieces(
      Done done, TreeMap<Long, PageState> before, TreeMap<Long, PageState> after) {
    TreeMap<Long, PageState> left = new TreeMap<>(before);
    for (Mapping piece : done.unmapped()) {
      flatten(piece)
          .forEach(
              (page, state) ->
                  assertThat(left.remove(page)).as("unmapped page " + page).isEqualTo(state));
    }
    MapOutcome.PageMove move = done.moved();
    if (move != null) {
      long distance = Pages.number(move.toAddress()) - move.from().firstPage();
      for (long page = move.from().firstPage(); page < move.from().endPage(); page++) {
        PageState moved = left.remove(page);
        assertThat(after.get(page + distance).offset()).isEqualTo(moved.offset());
      }
    }
    for (Mapping piece : done.altered()) {
      flatten(piece)
          .forEach(
              (page, state) -> {
                assertThat(left.remove(page)).isEqualTo(state);
                assertThat(after.get(page)).isNotNull().isNotEqualTo(state);
              });
    }
    left.forEach((page, state) -> assertThat(after.get(page)).isEqualTo(state));
  }

  private static void checkQueries(
      RandomGenerator random, MappingTree tree, TreeMap<Long, PageState> pages) {
    VirtualRange range = randomRange(random);
    TreeMap<Long, PageState> inside =
        new TreeMap<>(pages.subMap(range.firstPage(), range.endPage()));
    assertThat(tree.covers(range.start(), range.end())).isEqualTo(inside.size() == range.pages());
    assertThat(tree.isFree(range.start(), range.end())).isEqualTo(inside.isEmpty());
    TreeMap<Long, PageState> seen = new TreeMap<>();
    tree.piecesIn(range).forEach(piece -> seen.putAll(flatten(piece)));
    assertThat(seen).isEqualTo(inside);
    Mapping at = tree.mapping(range.start() + 5);
    PageState state = pages.get(range.firstPage());
    if (state == null) {
      assertThat(at).isNull();
    } else {
      assertThat(at).isNotNull();
      assertThat(flatten(at)).containsEntry(range.firstPage(), state);
    }
  }

  private static MapOperation randomOperation(RandomGenerator random) {
    VirtualRange range = randomRange(random);
    long offset = random.nextInt(3);
    return switch (random.nextInt(12)) {
      case 0, 1 -> new MapOperation.MapFixed(range, randomAttributes(random), offset);
      case 2 -> new MapOperation.MapFixedNoReplace(range, randomAttributes(random), offset);
      case 3, 4 -> {
        long hint = random.nextBoolean() ? 0 : range.start() + random.nextInt(4096);
        yield new MapOperation.MapAnywhere(
            range.lengthBytes(), hint, randomAttributes(random), offset);
      }
      case 5 -> new MapOperation.Unmap(range);
      case 6, 7 ->
          new MapOperation.Protect(range, PROTECTIONS.get(random.nextInt(PROTECTIONS.size())));
      case 8 -> new MapOperation.Advise(range, random.nextInt(8), random.nextInt(8));
      case 9, 10 ->
          new MapOperation.Remap(
              range, Pages.address(1 + random.nextInt(12)), randomPlacement(random));
      case 11 -> {
        long end = Pages.address(LOWEST_PAGE + 20) + random.nextInt(-4096, 15 * 4096);
        yield new MapOperation.SetBreak(random.nextInt(4) == 0 ? 0 : end);
      }
      default -> throw new AssertionError();
    };
  }

  private static RemapPlacement randomPlacement(RandomGenerator random) {
    return switch (random.nextInt(3)) {
      case 0 -> new RemapPlacement.InPlace();
      case 1 -> new RemapPlacement.MayMove();
      default -> new RemapPlacement.Fixed(randomRange(random).start());
    };
  }

  private static MappingAttributes randomAttributes(RandomGenerator random) {
    Protection protection = PROTECTIONS.get(random.nextInt(PROTECTIONS.size()));
    return switch (random.nextInt(12)) {
      case 0, 1 -> MappingAttributes.file("lib.so", protection, false);
      case 2, 3 -> MappingAttributes.file("lib.so", protection, true);
      case 4 -> MappingAttributes.anonymous(protection).withKind(MappingKind.STACK);
      case 5 -> new MappingAttributes(protection, MappingKind.ANONYMOUS, true, "", 0);
      default -> MappingAttributes.anonymous(protection);
    };
  }

  private static VirtualRange randomRange(RandomGenerator random) {
    long page = LOWEST_PAGE + random.nextInt(UNIVERSE_PAGES);
    return new VirtualRange(
        Pages.address(page), Pages.address(page + 1 + random.nextInt(1 + random.nextInt(20))));
  }

  private static TreeMap<Long, PageState> flattened(MappingTree tree) {
    TreeMap<Long, PageState> pages = new TreeMap<>();
    long end = 0;
    for (Mapping mapping : tree.mappingsIn(0, Pages.ADDRESS_LIMIT)) {
      assertThat(mapping.start()).isGreaterThanOrEqualTo(end);
      end = mapping.end();
      pages.putAll(flatten(mapping));
    }
    return pages;
  }

  private static TreeMap<Long, PageState> flatten(Mapping mapping) {
    TreeMap<Long, PageState> pages = new TreeMap<>();
    for (long page = mapping.range().firstPage(); page < mapping.range().endPage(); page++) {
      pages.put(page, new PageState(mapping.attributes(), mapping.offsetAt(Pages.address(page))));
    }
    return pages;
  }

  private static TreeMap<Long, PageState> withoutDontFork(TreeMap<Long, PageState> pages) {
    TreeMap<Long, PageState> copied = new TreeMap<>(pages);
    copied
        .values()
        .removeIf(state -> MappingAdvice.DONT_FORK.isIn(state.attributes().adviceFlags()));
    return copied;
  }
}
