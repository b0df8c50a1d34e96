package dev.fenceline.testbed.transcript;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Access;
import dev.fenceline.model.WaitPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * Plays the protocol's races and compares what passed with {@code docs/transcripts}. After a
 * deliberate change run with {@code -Dtranscripts.accept=true} and read the difference.
 */
class GoldenTranscriptTest {
  private static final long PAGE = 4096;
  private final Stage stage = new Stage();

  private long twoHolders() {
    long space = stage.createSpace();
    stage.map(space, 16);
    stage.attach("a", space);
    stage.attach("b", space);
    for (String name : new String[] {"a", "b"}) {
      stage.fault(name, space, 0, 4, Access.WRITE);
      stage.deliverToHost(name);
      stage.deliverToAgent(name);
    }
    stage.forget();
    return space;
  }

  @Test
  void attachAndFault() throws IOException {
    stage.say(
        "A caller makes an address space and maps 16 pages; an agent attaches and mirrors it.");
    long space = stage.createSpace();
    stage.map(space, 16);
    stage.attach("a", space);
    stage.say("Its device reads untouched pages, then writes two of them.");
    stage.fault("a", space, 0, 4, Access.READ);
    stage.deliverToHost("a");
    stage.deliverToAgent("a");
    stage.fault("a", space, 1, 2, Access.WRITE);
    stage.deliverToHost("a");
    stage.deliverToAgent("a");
    stage.say("A page that it does not mirror.");
    stage.fault("a", space, 16, 1, Access.READ);
    stage.deliverToHost("a");
    stage.deliverToAgent("a");
    compare("attach-and-fault");
  }

  @Test
  void cleanInvalidation() throws IOException {
    long space = twoHolders();
    stage.say("Two devices hold pages 0..3. The caller unmaps them.");
    stage.advance(1 * Stage.MS);
    stage.submit(new SpaceOperation.Unmap(space, Stage.BASE, 4 * PAGE), WaitPolicy.BLOCK);
    stage.phase("B: entries of pages 0..3 become invalidating");
    stage.deliverToAgent("a");
    stage.deliverToAgent("b");
    stage.phase("C: waits for the fences");
    stage.advance(100 * Stage.US);
    stage.drained("a");
    stage.deliverToHost("a");
    stage.advance(900 * Stage.US);
    stage.drained("b");
    stage.deliverToHost("b");
    compare("clean-invalidation");
  }

  @Test
  void collisionAndRetry() throws IOException {
    long space = twoHolders();
    stage.say("a faults pages 8..9; they are invalidated before it has the answer.");
    stage.advance(1 * Stage.MS);
    stage.fault("a", space, 8, 2, Access.READ);
    stage.deliverToHost("a");
    stage.submit(
        new SpaceOperation.Invalidate(space, Stage.BASE + 8 * PAGE, 2 * PAGE), WaitPolicy.BLOCK);
    stage.phase("B: entries of pages 8..9 become invalidating");
    stage.phase("C: waits for the fences");
    stage.say("a lags: its queue was collapsed, the invalidation comes before the older answer.");
    stage.overtake("a");
    stage.deliverToAgent("a");
    stage.say("Nothing was installed (INV-5). The fault is sent again; it waits for the fence.");
    stage.deliverToHost("a");
    stage.drained("a");
    stage.deliverToHost("a");
    stage.deliverToAgent("a");
    compare("collision-and-retry");
  }

  @Test
  void faultDuringInvalidation() throws IOException {
    long space = twoHolders();
    stage.say("b faults a page again while its invalidation runs.");
    stage.advance(1 * Stage.MS);
    stage.submit(new SpaceOperation.Invalidate(space, Stage.BASE, 4 * PAGE), WaitPolicy.BLOCK);
    stage.phase("B: entries of pages 0..3 become invalidating");
    stage.phase("C: waits for the fences");
    stage.deliverToAgent("a");
    stage.deliverToAgent("b");
    stage.drained("b");
    stage.deliverToHost("b");
    stage.fault("b", space, 1, 1, Access.READ);
    stage.deliverToHost("b");
    stage.advance(500 * Stage.US);
    stage.drained("a");
    stage.deliverToHost("a");
    stage.deliverToAgent("b");
    compare("fault-during-invalidation");
  }

  @Test
  void backOff() throws IOException {
    long space = twoHolders();
    stage.say("A caller that does not wait tries to invalidate what two devices hold.");
    stage.advance(1 * Stage.MS);
    SpaceOperation reclaim = new SpaceOperation.Invalidate(space, Stage.BASE, 4 * PAGE);
    stage.submit(reclaim, WaitPolicy.TRY);
    stage.phase("B: entries of pages 0..3 become invalidating");
    stage.phase("C: two fences still wait: back off, entries restored");
    stage.deliverToAgent("a");
    stage.deliverToAgent("b");
    stage.say("a faults again: its old fence has to end first.");
    stage.fault("a", space, 0, 1, Access.READ);
    stage.deliverToHost("a");
    stage.drained("a");
    stage.deliverToHost("a");
    stage.drained("b");
    stage.deliverToHost("b");
    stage.say("The next try over pages 1..3 does not wait: only page 0 is held.");
    stage.submit(new SpaceOperation.Invalidate(space, Stage.BASE + PAGE, 3 * PAGE), WaitPolicy.TRY);
    stage.phase("B");
    stage.phase("C: nothing to wait for");
    compare("back-off");
  }

  @Test
  void leaseExpiry() throws IOException {
    long space = twoHolders();
    stage.say("b goes silent while it owes a fence.");
    stage.advance(1 * Stage.MS);
    stage.silence("b");
    stage.submit(new SpaceOperation.Unmap(space, Stage.BASE, 4 * PAGE), WaitPolicy.BLOCK);
    stage.phase("B: entries of pages 0..3 become invalidating");
    stage.phase("C: waits for the fences");
    stage.deliverToAgent("a");
    stage.drained("a");
    stage.deliverToHost("a");
    stage.silence("b");
    stage.say("50 ms later the fence is overdue; heartbeats of b would not be answered any more.");
    stage.advance(49 * Stage.MS);
    stage.heartbeat("a");
    stage.advance(1 * Stage.MS);
    stage.hostTick();
    stage.say("b's own clock: the lease ends, all access stops.");
    stage.advance(49 * Stage.MS);
    stage.agentTick("b");
    stage.heartbeat("a");
    stage.say("The host declares b dead only when that is certain.");
    stage.advance(stage.leaseExpiryNanos() - 98 * Stage.MS);
    stage.hostTick();
    stage.say("A DMA of b that was frozen between its check and its act arrives late.");
    stage.dma("b", space, 0, 0);
    compare("lease-expiry");
  }

  @Test
  void reattach() throws IOException {
    long space = twoHolders();
    stage.say("The stream of b breaks while b owes a fence.");
    stage.advance(1 * Stage.MS);
    stage.submit(new SpaceOperation.Unmap(space, Stage.BASE, 2 * PAGE), WaitPolicy.BLOCK);
    stage.phase("B: entries of pages 0..1 become invalidating");
    stage.phase("C: waits for the fences");
    stage.deliverToAgent("a");
    stage.drained("a");
    stage.deliverToHost("a");
    stage.breakStream("b");
    stage.advance(200 * Stage.US);
    stage.drained("b");
    stage.say("Drained, it may dial again; its Hello resolves what the old session owed.");
    stage.advance(100 * Stage.MS);
    stage.agentTick("b");
    stage.deliverToHost("b");
    stage.deliverToAgent("b");
    stage.deliverToHost("b");
    stage.deliverToAgent("b");
    compare("reattach");
  }

  private void compare(String name) throws IOException {
    Path file =
        Path.of(System.getProperty("fenceline.rootDirectory"), "docs/transcripts", name + ".txt");
    String transcript = stage.transcript();
    if (Boolean.getBoolean("transcripts.accept")) {
      Files.createDirectories(file.getParent());
      Files.writeString(file, transcript);
    }
    assertThat(transcript).isEqualTo(Files.readString(file));
  }
}
