package dev.fenceline.testbed.sim;

import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Pages;
import dev.fenceline.testbed.check.History;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/**
 * One read, write or fetch-add of a word, or of two neighbouring words in two pages, by a device or
 * a CPU. Confined to the event loop.
 *
 * <p>Values are unique. It is executed at most once (a read whose answer is late may be asked for
 * again), in one moment, in which the reference memory is compared or changed; its history goes
 * from the intention to the answer.
 */
final class DataOperation {
  /** What it does. */
  enum Kind {
    READ,
    WRITE,
    ADD
  }

  private final SimWorld world;
  private final SimSpace space;
  private final Kind kind;
  private final int actor;
  private final int spaceKey;
  private final long[] addresses;

  /** What the history calls the words; pages of one object have one name wherever they are. */
  private final long[] words;

  private final long[] values;
  private final long operand;
  private final long invokedStamp;

  /** Only while nobody else can get at its pages. */
  private final boolean exclusive;

  /** Of an update in two transfers, the first one has been answered. */
  private boolean readBefore;

  private boolean executed;
  private boolean abandoned;
  private boolean attempted;

  private DataOperation(
      SimWorld world, SimSpace space, Drawn drawn, int actor, long[] addresses, long unique) {
    this.exclusive = drawn.exclusive();
    this.kind = drawn.kind();
    this.world = world;
    this.space = space;
    this.actor = actor;
    this.addresses = addresses;
    this.spaceKey = world.memory.key(space);
    this.operand = unique;
    this.values = new long[addresses.length];
    this.words = new long[addresses.length];
    for (int i = 0; i < words.length; i++) {
      words[i] = world.memory.word(space, addresses[i]);
    }
    for (int i = 0; i < values.length; i++) {
      values[i] = unique + i;
    }
    this.invokedStamp = world.loop.stamp();
  }

  private record Drawn(Kind kind, boolean exclusive) {}

  /** Something to do on the pages that everybody wants; seldom with a page for itself alone. */
  static DataOperation drawForDevice(
      SimWorld world, SimSpace space, int actor, SplittableRandom random) {
    if (random.nextInt(12) > 0) {
      return draw(world, space, actor, random);
    }
    long vpn = world.interestingPage(space, random);
    int kind = random.nextInt(4);
    Kind what = kind == 0 ? Kind.READ : kind == 1 ? Kind.WRITE : Kind.ADD;
    long[] addresses = {Frames.address(vpn, random.nextInt(2))};
    return new DataOperation(
        world, space, new Drawn(what, true), actor, addresses, random.nextLong() | 1L << 62);
  }

  /** Something to do on the pages that everybody wants. */
  static DataOperation draw(SimWorld world, SimSpace space, int actor, SplittableRandom random) {
    long vpn = world.interestingPage(space, random);
    int kind = random.nextInt(10);
    boolean two = kind < 9 && random.nextInt(12) == 0;
    long[] addresses =
        two
            ? new long[] {Frames.address(vpn, Frames.WORDS - 1), Frames.address(vpn + 1, 0)}
            : new long[] {Frames.address(vpn, random.nextInt(2))};
    long unique = random.nextLong() | 1L << 62;
    Kind what = kind < 5 ? Kind.READ : kind < 9 ? Kind.WRITE : Kind.ADD;
    return new DataOperation(world, space, new Drawn(what, false), actor, addresses, unique);
  }

  SimSpace space() {
    return space;
  }

  /** False if the space is gone already. */
  boolean hasSpace() {
    return spaceKey > 0;
  }

  boolean writes() {
    return kind != Kind.READ;
  }

  long vpn() {
    return Pages.number(addresses[0]);
  }

  int pages() {
    return addresses.length;
  }

  boolean exclusive() {
    return exclusive;
  }

  /** Whether it reads, computes and writes, and relies on nobody else's coming between. */
  boolean updates() {
    return exclusive && kind == Kind.ADD;
  }

  /** The first transfer of an update is over, the second one has to follow. */
  boolean hasToWrite() {
    return updates() && readBefore;
  }

  boolean executed() {
    return executed;
  }

  /**
   * The host's CPU does it, or the host does it for a device.
   *
   * @param byCpu a CPU that reads the zero page read zero when it looked its translation up
   */
  void execute(Words frames, int[] frameOfPage, boolean byCpu) {
    if (executed && kind != Kind.READ) {
      throw new InvariantViolation("INV-13", "executed twice: " + describe());
    }
    executed = !updates() || readBefore;
    for (int i = 0; i < addresses.length; i++) {
      String forbidden = world.memory.forbidden(space, addresses[i], writes());
      if (forbidden != null) {
        throw new InvariantViolation("INV-1", describe() + ", but the page " + forbidden);
      }
      long word = world.memory.word(space, addresses[i]);
      boolean elsewhere = word != words[i];
      words[i] = word;
      executeWord(frames, frameOfPage[i], i, byCpu && frameOfPage[i] == 0);
      if (abandoned && elsewhere && kind == Kind.WRITE) {
        recordAbandonedWrite(i);
      }
    }
    if (abandoned) {
      world.count(Sometimes.IN_DOUBT_WRITE_LANDED);
      recordAbandonedAdd();
    }
  }

  private void executeWord(Words frames, int frame, int i, boolean earlier) {
    int word = Frames.word(addresses[i]);
    long expected = world.memory.read(space, addresses[i]);
    long found = frames.read(frame, word);
    world.loop.mix(found);
    if (kind != Kind.WRITE && !earlier && found != expected) {
      throw new InvariantViolation(
          "INV-13",
          "%s finds 0x%x in frame %d, memory holds 0x%x"
              .formatted(describe(), found, frame, expected));
    }
    switch (kind) {
      case READ -> values[i] = found;
      case WRITE -> store(frames, frame, word, i, values[i]);
      case ADD -> {
        if (readBefore) {
          store(frames, frame, word, i, values[i] + operand);
          return;
        }
        values[i] = found;
        if (!exclusive) {
          store(frames, frame, word, i, found + operand);
        }
      }
    }
  }

  private void store(Words frames, int frame, int word, int i, long value) {
    frames.write(frame, word, value);
    world.memory.write(space, addresses[i], value);
  }

  /** The answer arrived. */
  void answered() {
    long now = world.loop.stamp();
    world.dataOperations++;
    for (int i = 0; i < addresses.length; i++) {
      long word = words[i];
      History history = world.memory.history();
      switch (kind) {
        case READ -> history.read(word, values[i], invokedStamp, now, actor);
        case WRITE -> history.write(word, values[i], invokedStamp, now, actor);
        case ADD -> {
          history.read(word, values[i], invokedStamp, now, actor);
          history.write(word, values[i] + operand, invokedStamp, now, actor);
        }
      }
    }
  }

  /** A request of it is on its way. */
  void attempt() {
    attempted = true;
  }

  /** The last request was refused: it has not happened, and what was read before is old. */
  void refused() {
    attempted = false;
    if (readBefore) {
      world.count(Sometimes.EXCLUSIVE_UPDATE_INTERRUPTED);
    }
    readBefore = false;
  }

  /** Nobody will hear the answer; a request that is on its way may still do it. */
  void abandon() {
    abandoned = true;
    if (!attempted || kind == Kind.READ) {
      return;
    }
    if (kind == Kind.ADD) {
      recordAbandonedAdd();
      return;
    }
    for (int i = 0; i < addresses.length; i++) {
      recordAbandonedWrite(i);
    }
  }

  private void recordAbandonedWrite(int i) {
    world.memory.history().write(words[i], values[i], invokedStamp, History.IN_DOUBT, actor);
  }

  private void recordAbandonedAdd() {
    if (kind == Kind.ADD && executed) {
      world
          .memory
          .history()
          .write(words[0], values[0] + operand, invokedStamp, History.IN_DOUBT, actor);
    }
  }

  DmaRequest request(long requestId, long sessionId, int device, int[] generations) {
    int length = addresses.length * Long.BYTES;
    DmaRequest.Operation operation =
        switch (kind) {
          case READ -> DmaRequest.Operation.READ;
          case WRITE -> DmaRequest.Operation.WRITE;
          case ADD ->
              !exclusive
                  ? DmaRequest.Operation.FETCH_ADD
                  : readBefore ? DmaRequest.Operation.WRITE : DmaRequest.Operation.READ;
        };
    byte[] data = new byte[operation == DmaRequest.Operation.WRITE ? length : 0];
    if (data.length > 0) {
      var words = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
      words.put(kind == Kind.WRITE ? values : new long[] {values[0] + operand});
    }
    return new DmaRequest(
        requestId,
        space.hostEpoch(),
        sessionId,
        space.id(),
        device,
        addresses[0],
        length,
        operation,
        generations,
        data,
        operand,
        0);
  }

  /** What a reply carries; the values come back from it. */
  byte[] replyBytes() {
    if (kind != Kind.READ && (!updates() || readBefore)) {
      return new byte[0];
    }
    byte[] data = new byte[values.length * Long.BYTES];
    ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().put(values);
    return data;
  }

  long previous() {
    return kind == Kind.ADD && !exclusive ? values[0] : 0;
  }

  /** The values as the reply brought them. */
  void take(byte[] data, long previous) {
    if (kind == Kind.READ || (updates() && !readBefore)) {
      ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(values);
      readBefore = updates();
    } else if (kind == Kind.ADD && !exclusive) {
      values[0] = previous;
    }
  }

  String describe() {
    return "actor %d: %s%s of 0x%x in %s"
        .formatted(actor, exclusive ? "exclusive " : "", kind, addresses[0], space);
  }
}
