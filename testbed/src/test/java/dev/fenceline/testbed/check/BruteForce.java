package dev.fenceline.testbed.check;

import dev.fenceline.testbed.check.Operation.Kind;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Tries every order of a small history of one word: too slow for use, too simple to be wrong. */
final class BruteForce {

  private final List<Operation> operations;

  private BruteForce(List<Operation> operations) {
    this.operations = operations;
  }

  static boolean linearizable(List<Operation> operations, InitialValue initial) {
    BruteForce search = new BruteForce(operations);
    if (initial instanceof InitialValue.Known(long value)) {
      return search.extend(0, value);
    }
    List<Long> written =
        operations.stream()
            .filter(o -> o.kind() == Kind.WRITE || o.kind() == Kind.RESET)
            .map(Operation::value)
            .toList();
    return search.extend(0, null)
        || operations.stream()
            .filter(o -> o.kind() == Kind.READ && !written.contains(o.value()))
            .anyMatch(o -> search.extend(0, o.value()));
  }

  /** Whether what is not in {@code done} can follow in some order. */
  private boolean extend(int done, @Nullable Long held) {
    boolean finished = true;
    for (int i = 0; i < operations.size(); i++) {
      if ((done & 1 << i) != 0) {
        continue;
      }
      Operation operation = operations.get(i);
      finished &= operation.respondedNanos() == History.IN_DOUBT;
      if (!mayBeNext(operation, done)) {
        continue;
      }
      boolean possible =
          switch (operation.kind()) {
            case READ -> held != null && held == operation.value() && extend(done | 1 << i, held);
            case WRITE, RESET -> extend(done | 1 << i, operation.value());
            case UNMAP -> extend(done | 1 << i, null);
          };
      if (possible) {
        return true;
      }
    }
    return finished;
  }

  private boolean mayBeNext(Operation candidate, int done) {
    for (int i = 0; i < operations.size(); i++) {
      if ((done & 1 << i) == 0 && operations.get(i).respondedNanos() < candidate.invokedNanos()) {
        return false;
      }
    }
    return true;
  }
}
