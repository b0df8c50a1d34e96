package dev.fenceline.testbed.check;

import dev.fenceline.testbed.check.Operation.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Makes random histories of one word from a seed, small enough for {@link BruteForce}. */
final class SmallHistories {

  /** Where values come from. */
  enum Values {
    /** Each value is written once; resets write a value of their own. */
    UNIQUE,
    /** Resets and some writes store 0 again. */
    REPEATED,
    /** As UNIQUE, with an initial value that is not known. */
    UNKNOWN_START
  }

  private static final int HORIZON = 24;

  private final SplittableRandom random;
  private final Values values;

  SmallHistories(long seed, Values values) {
    this.random = new SplittableRandom(seed);
    this.values = values;
  }

  InitialValue initial() {
    return values == Values.UNKNOWN_START ? InitialValue.ANYTHING : InitialValue.ZERO;
  }

  List<Operation> operations() {
    int writers = 1 + random.nextInt(4);
    int reads = 1 + random.nextInt(4);
    List<Operation> operations = new ArrayList<>();
    for (int i = 1; i <= writers; i++) {
      boolean inDoubt = random.nextInt(6) == 0;
      Kind kind =
          switch (random.nextInt(6)) {
            case 0 -> Kind.UNMAP;
            case 1, 2 -> Kind.RESET;
            default -> Kind.WRITE;
          };
      boolean repeats = values == Values.REPEATED && random.nextInt(3) > 0;
      operations.add(operation(kind, kind == Kind.UNMAP || repeats ? 0 : i, inDoubt));
    }
    for (int i = 0; i < reads; i++) {
      int value = random.nextInt(20) == 0 ? 77 : random.nextInt(writers + 1);
      operations.add(operation(Kind.READ, value, false));
    }
    return operations;
  }

  private Operation operation(Kind kind, long value, boolean inDoubt) {
    long begin = random.nextInt(HORIZON);
    long end = inDoubt ? History.IN_DOUBT : begin + random.nextInt(8);
    return new Operation(kind, 8, value, begin, end, 0);
  }

  /** The operations as a checker takes them. */
  static History history(List<Operation> operations) {
    History history = new History(operations.size());
    for (Operation o : operations) {
      switch (o.kind()) {
        case READ ->
            history.read(o.word(), o.value(), o.invokedNanos(), o.respondedNanos(), o.actor());
        case WRITE ->
            history.write(o.word(), o.value(), o.invokedNanos(), o.respondedNanos(), o.actor());
        case RESET ->
            history.reset(o.word(), o.value(), o.invokedNanos(), o.respondedNanos(), o.actor());
        case UNMAP -> history.unmap(o.word(), o.invokedNanos(), o.respondedNanos(), o.actor());
      }
    }
    return history;
  }
}
