package dev.fenceline.concurrent;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A serializing mailbox: inputs from any thread reach one handler, one at a time, in the order in
 * which they were accepted. Thread-safe; the handler itself needs no synchronization, since each of
 * its runs happens-before the next.
 *
 * <p>There is no thread of its own. Whoever brings an input to an idle mailbox becomes its
 * <em>drainer</em> and runs the handler in place, so that an uncontended input crosses no thread
 * and allocates nothing; whoever finds it busy leaves the input for the drainer and returns. After
 * {@link Settings#inputsPerTurn} inputs a drainer hands the rest to an executor, so that no
 * caller's thread is captured for ever. An offer from inside the handler only queues. The idea is
 * that of gRPC's SynchronizationContext, with a bound and a single word of state.
 *
 * <p>Every accepted input is either handled to its end or given to the {@link Uncaught} with what
 * prevented it.
 *
 * <h2>State</h2>
 *
 * {@code head} says everything: {@code IDLE} (nobody drains), another {@link Floor} (somebody
 * drains, nothing is queued), a {@link Cell} (somebody drains, the cells down to the floor are
 * queued, newest first), {@code STOPPED}.
 *
 * <h2>Access modes</h2>
 *
 * <table>
 * <caption>Who touches what, how, and why</caption>
 * <tr><th>field<th>mode<th>why
 * <tr><td>head<td>volatile read, compareAndSet, getAndSet<td>decides who drains; one word, so that "nothing is queued"
 *     and "nobody drains" are one decision. The successful exchange also publishes the cell to the drainer, and one
 *     drainer's writes to the next one
 * <tr><td>Cell.below<td>plain<td>written before the exchange that publishes the cell, afterwards by the drainer alone
 * <tr><td>Floor.unfinished<td>release by the drainer, acquire by offerers<td>it only falls while its floor stands: a late
 *     value refuses an input, it never admits one too many
 * <tr><td>batch, floor<td>plain<td>the drainer's own; handed on through head or the executor
 * </table>
 *
 * <h2>The race: going idle against an offer</h2>
 *
 * <pre>
 *   drainer                                   offerer
 *   --------------------------------------    --------------------------------------
 *   reads head: floor, nothing is queued
 *                                             reads head: floor, somebody drains
 *                                             CAS head: floor -> cell       (succeeds)
 *                                             returns ACCEPTED, will not drain
 *   CAS head: floor -> IDLE    &lt;== must fail, or the input is stranded
 *   reads head: cell
 *   CAS head: cell -> floor', handles it
 * </pre>
 *
 * With "queued" and "draining" in two words, both sides could rely on the other one.
 *
 * @param <I> the inputs
 */
public final class Mailbox<I> {
  /** Whose thread runs the handler. */
  public enum Draining {
    /** The thread that brings an input to an idle mailbox. */
    BY_CALLER,
    /** Always the executor; with a single-threaded one this is a dedicated thread. */
    BY_EXECUTOR
  }

  /** What became of an input. */
  public enum Offer {
    /** It has been handled or will be. */
    ACCEPTED,
    /** As many inputs as the capacity allows are unfinished; nothing has changed. */
    FULL,
    /** The mailbox takes no inputs any more; nothing has changed. */
    STOPPED
  }

  /**
   * How a mailbox behaves.
   *
   * @param capacity how many inputs may be unfinished (queued or being handled) before an offer is
   *     refused
   * @param inputsPerTurn how many inputs one thread handles before it hands the rest to the
   *     executor
   * @param draining whose thread runs the handler
   */
  public record Settings(int capacity, int inputsPerTurn, Draining draining) {
    public Settings {
      if (capacity < 1) {
        throw new IllegalArgumentException("capacity must be at least 1, not " + capacity);
      }
      if (inputsPerTurn < 1) {
        throw new IllegalArgumentException(
            "inputsPerTurn must be at least 1, not " + inputsPerTurn);
      }
    }
  }

  /** Hears of inputs whose handling failed; called by the drainer, between two inputs. */
  @FunctionalInterface
  public interface Uncaught<I> {
    /**
     * @param input the input that was not handled to its end
     * @param failure an exception: thrown by the handler for this input, and the mailbox goes on;
     *     an {@link Error} or a refusal of the executor: the mailbox has stopped, and this input
     *     may not even have been started
     */
    void failed(I input, Throwable failure);
  }

  /** An element of the list that {@code head} refers to. */
  private abstract static sealed class Link {
    /** How many inputs lie from here down to the floor. */
    abstract int depth();

    abstract Floor floor();
  }

  /** The end of the list; a new one for each batch that the drainer takes, which it counts down. */
  private static final class Floor extends Link {
    /** Whether the batch ends with a {@link Cell} that stops the mailbox. */
    final boolean closing;

    @SuppressWarnings("FieldMayBeFinal") // written through UNFINISHED
    private int unfinished;

    Floor(int unfinished, boolean closing) {
      this.unfinished = unfinished;
      this.closing = closing;
    }

    @Override
    int depth() {
      return 0;
    }

    @Override
    Floor floor() {
      return this;
    }
  }

  /**
   * A queued input or, without an input, the request to stop behind all that was accepted before
   * it.
   */
  private static final class Cell<I> extends Link {
    final @Nullable I input;
    final int depth;
    final Floor floor;
    Link below;

    Cell(@Nullable I input, Link below) {
      this.input = input;
      this.depth = below.depth() + (input == null ? 0 : 1);
      this.floor = below.floor();
      this.below = below;
    }

    @Override
    int depth() {
      return depth;
    }

    @Override
    Floor floor() {
      return floor;
    }

    boolean stops() {
      return input == null;
    }
  }

  private static final VarHandle HEAD;
  private static final VarHandle UNFINISHED;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      HEAD = lookup.findVarHandle(Mailbox.class, "head", Link.class);
      UNFINISHED = lookup.findVarHandle(Floor.class, "unfinished", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private static final Floor IDLE = new Floor(0, false);
  private static final Floor STOPPED = new Floor(0, true);

  /** Stands while the drainer handles an input that was never queued. */
  private final Floor direct = new Floor(1, false);

  private final Settings settings;
  private final Executor executor;
  private final Consumer<? super I> handler;
  private final Uncaught<? super I> uncaught;

  @SuppressWarnings({"FieldMayBeFinal", "UnusedVariable"}) // read and written through HEAD
  private Link head = IDLE;

  /** What the drainer has taken and not yet handled, oldest first, ending with a floor. */
  private Link batch = IDLE;

  /** The floor whose inputs the batch holds. */
  private Floor floor = IDLE;

  /**
   * @param executor takes over what a caller's turn leaves, or all inputs if so configured. One
   *     that runs tasks inside {@code execute} nests one stack frame per turn: single-threaded
   *     drivers choose large turns or queue the tasks
   * @param handler called with one input at a time; must not block
   * @param uncaught called when the handler throws
   */
  public Mailbox(
      Settings settings,
      Executor executor,
      Consumer<? super I> handler,
      Uncaught<? super I> uncaught) {
    this.settings = settings;
    this.executor = executor;
    this.handler = handler;
    this.uncaught = uncaught;
  }

  /**
   * Accepts the input unless the mailbox is full or stopped; may handle it, and others, before it
   * returns.
   */
  public Offer offer(I input) {
    return accept(input, settings.capacity());
  }

  /**
   * Accepts the input unless the mailbox is stopped, beyond the capacity if need be: for inputs
   * that cannot be refused and whose number is bounded elsewhere (a timer's tick, the end of a
   * session, an acknowledgement that is owed).
   */
  public Offer submit(I input) {
    return accept(input, Integer.MAX_VALUE);
  }

  /** Refuses all later inputs; those accepted before are still handled. */
  public void stop() {
    while (true) {
      Link top = (Link) HEAD.getVolatile(this);
      if (refuses(top)
          || HEAD.compareAndSet(this, top, top == IDLE ? STOPPED : new Cell<I>(null, top))) {
        return;
      }
    }
  }

  /**
   * Whether inputs are refused for good; some that were accepted before may still be on their way.
   */
  public boolean isStopped() {
    return refuses((Link) HEAD.getVolatile(this));
  }

  /** How many accepted inputs are unfinished at some moment during the call. */
  public int depth() {
    return unfinished((Link) HEAD.getVolatile(this));
  }

  private static int unfinished(Link top) {
    return top.depth() + (int) UNFINISHED.getAcquire(top.floor());
  }

  private static boolean refuses(Link top) {
    return top.floor().closing || (top instanceof Cell<?> cell && cell.stops());
  }

  private Offer accept(I input, int capacity) {
    while (true) {
      Link top = (Link) HEAD.getVolatile(this);
      if (refuses(top)) {
        return Offer.STOPPED;
      }
      if (unfinished(top) >= capacity) {
        return Offer.FULL;
      }
      if (top != IDLE) {
        if (HEAD.compareAndSet(this, top, new Cell<>(input, top))) {
          return Offer.ACCEPTED;
        }
      } else if (settings.draining() == Draining.BY_CALLER) {
        if (HEAD.compareAndSet(this, top, direct)) {
          if (handled(input)) {
            drain(settings.inputsPerTurn() - 1);
          }
          return Offer.ACCEPTED;
        }
      } else if (HEAD.compareAndSet(this, top, new Cell<>(input, new Floor(0, false)))) {
        handOver();
        return Offer.ACCEPTED;
      }
    }
  }

  private void drainTurn() {
    drain(settings.inputsPerTurn());
  }

  /** Handles what is queued until nothing is, or until the turn is over and an executor goes on. */
  private void drain(int turn) {
    int left = turn;
    while (batch instanceof Cell<?> || takeOrRest()) {
      if (left == 0) {
        if (handOver()) {
          return; // nothing of the drainer's may be touched any more: somebody else is the drainer
        }
        left = settings.inputsPerTurn();
      }
      @SuppressWarnings("unchecked") // only accept() and stop() make cells
      Cell<I> cell = (Cell<I>) batch;
      batch = cell.below;
      if (cell.input == null) {
        HEAD.setVolatile(this, STOPPED); // the cell was the newest one, and none can follow it
        return;
      }
      if (!handled(cell.input)) {
        return;
      }
      UNFINISHED.setRelease(floor, floor.unfinished - 1);
      left--;
    }
  }

  /**
   * Takes all that is queued as the new batch; false if nothing was, and the mailbox is idle now.
   */
  private boolean takeOrRest() {
    while (true) {
      Link top = (Link) HEAD.getVolatile(this);
      if (top instanceof Floor) {
        // Fails if an input came meanwhile: see the race above.
        if (HEAD.compareAndSet(this, top, IDLE)) {
          return false;
        }
      } else if (top instanceof Cell<?> newest) {
        Floor next = new Floor(top.depth(), newest.stops());
        if (HEAD.compareAndSet(this, top, next)) {
          batch = oldestFirst(newest);
          floor = next;
          return true;
        }
      }
    }
  }

  /** Turns the list around in place: its cells belong to the drainer now. */
  private static Link oldestFirst(Cell<?> newest) {
    Link rest = newest;
    Link turned = newest.floor;
    while (rest instanceof Cell<?> cell) {
      rest = cell.below;
      cell.below = turned;
      turned = cell;
    }
    return turned;
  }

  /** Lets the executor go on; false if it refused and the calling drainer has to. */
  private boolean handOver() {
    try {
      executor.execute(this::drainTurn);
      return true;
    } catch (RuntimeException | Error e) {
      if (settings.draining() == Draining.BY_CALLER) {
        return false; // a captured caller is better than a mailbox that nobody drains
      }
      halt(e);
      return true;
    }
  }

  /** Runs the handler; false if the mailbox had to be stopped. */
  private boolean handled(I input) {
    try {
      handler.accept(input);
      return true;
    } catch (Exception e) {
      return reported(input, e);
    } catch (Error e) {
      reportLast(input, e);
      halt(e);
      return false;
    }
  }

  private boolean reported(I input, Exception failure) {
    try {
      uncaught.failed(input, failure);
      return true;
    } catch (Throwable broken) {
      broken.addSuppressed(failure);
      halt(broken);
      return false;
    }
  }

  /** Stops at once and reports each input that will not be handled. */
  private void halt(Throwable cause) {
    Link queued = (Link) HEAD.getAndSet(this, STOPPED);
    reportAll(batch, cause);
    if (queued instanceof Cell<?> newest) {
      reportAll(oldestFirst(newest), cause);
    }
    batch = STOPPED;
  }

  @SuppressWarnings("unchecked") // only accept() and stop() make cells
  private void reportAll(Link oldest, Throwable cause) {
    Link rest = oldest;
    while (rest instanceof Cell<?> cell) {
      rest = cell.below;
      if (cell.input != null) {
        reportLast((I) cell.input, cause);
      }
    }
  }

  private void reportLast(I input, Throwable cause) {
    try {
      uncaught.failed(input, cause);
    } catch (Throwable broken) {
      if (broken != cause) {
        cause.addSuppressed(broken); // nobody is left to hear of it but those who hear of the cause
      }
    }
  }
}
