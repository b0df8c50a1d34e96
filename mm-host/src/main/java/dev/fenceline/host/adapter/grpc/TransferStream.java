package dev.fenceline.host.adapter.grpc;

import dev.fenceline.host.runtime.HostRuntime;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Errno;
import dev.fenceline.security.Peer;
import dev.fenceline.security.PeerRole;
import dev.fenceline.transfer.v1.DmaReplyBatch;
import dev.fenceline.transfer.v1.DmaRequestBatch;
import dev.fenceline.wire.DmaCodec;
import dev.fenceline.wire.MalformedMessageException;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One DMA stream: one request at a time, in order, the next message when the last is answered, no
 * answer while the stream is not ready. Dies with the call.
 *
 * <p>Requests go on in whichever thread the last answer came, so the state below is handed on from
 * answer to answer; only the calls of the transport meet it, and they are guarded by {@code this}.
 */
final class TransferStream extends ServerCall.Listener<DmaRequestBatch> {
  /** Answers that are sent as one message at most; bounds what a stream holds in memory. */
  private static final int MAX_REPLY_BYTES = 128 << 10;

  private static final byte[] NOTHING = {};

  private final HostRuntime host;
  private final ServerCall<DmaRequestBatch, DmaReplyBatch> call;
  private final Peer peer;

  /** The session that is known to be the peer's own; 0 before the first request. */
  private long ownSession;

  private List<dev.fenceline.transfer.v1.DmaRequest> requests = List.of();
  private int next;
  private DmaReplyBatch.Builder replies = DmaReplyBatch.newBuilder();
  private int replyBytes;

  /** Answers wait for the stream to become ready; guarded by this. */
  private boolean stalled;

  /** A message is being processed; guarded by this. */
  private boolean busy;

  private boolean halfClosed;
  private boolean over;

  TransferStream(HostRuntime host, ServerCall<DmaRequestBatch, DmaReplyBatch> call, Peer peer) {
    this.host = host;
    this.call = call;
    this.peer = peer;
  }

  @Override
  public void onMessage(DmaRequestBatch batch) {
    synchronized (this) {
      busy = true;
    }
    requests = batch.getRequestsList();
    next = 0;
    advance();
  }

  @Override
  public void onReady() {
    synchronized (this) {
      if (!stalled) {
        return;
      }
      stalled = false;
    }
    if (flushed()) {
      advance();
    }
  }

  @Override
  public synchronized void onHalfClose() {
    halfClosed = true;
    if (!busy) {
      close();
    }
  }

  @Override
  public synchronized void onCancel() {
    over = true;
  }

  /** Goes on until a request is answered later, the stream is not ready, or the message is done. */
  private void advance() {
    while (next < requests.size()) {
      if (replyBytes >= MAX_REPLY_BYTES && !flushed()) {
        return;
      }
      DmaReply reply = submit(requests.get(next++));
      if (reply == null) {
        return;
      }
      add(reply);
    }
    if (replies.getRepliesCount() > 0 && !flushed()) {
      return;
    }
    messageDone();
  }

  /** The answer, or null if another thread will bring it and go on. */
  private @Nullable DmaReply submit(dev.fenceline.transfer.v1.DmaRequest wire) {
    DmaRequest request;
    try {
      request = DmaCodec.decode(wire);
    } catch (MalformedMessageException e) {
      return new DmaReply(
          wire.getRequestId(),
          DmaReply.Outcome.MALFORMED,
          NOTHING,
          0,
          String.valueOf(e.getMessage()));
    }
    if (request.sessionId() != ownSession && peer instanceof Peer.Verified) {
      String agentId = host.sessions().agentOf(request.sessionId());
      if (agentId == null) {
        return new DmaReply(
            wire.getRequestId(),
            DmaReply.Outcome.STALE_SESSION,
            NOTHING,
            0,
            "session %016x is not current".formatted(request.sessionId()));
      }
      String objection = peer.objectionTo(PeerRole.AGENT, agentId);
      if (objection != null) {
        refuse(objection);
        return null;
      }
      ownSession = request.sessionId();
    }
    Step step = new Step();
    host.dma(request, step::answered);
    return step.answerOrLeave();
  }

  private void add(DmaReply reply) {
    replies.addReplies(DmaCodec.encode(reply));
    replyBytes += reply.data().length + 32;
  }

  /** Sends the answers collected; false if they wait for the stream to become ready. */
  private boolean flushed() {
    synchronized (this) {
      if (!over && !call.isReady()) {
        stalled = true;
        return false;
      }
      if (!over) {
        call.sendMessage(replies.build());
      }
    }
    replies = DmaReplyBatch.newBuilder();
    replyBytes = 0;
    return true;
  }

  private void messageDone() {
    requests = List.of();
    synchronized (this) {
      busy = false;
      if (halfClosed) {
        close();
        return;
      }
    }
    call.request(1);
  }

  /** Ends the stream: who asks for another's memory gets no second chance on it. */
  private synchronized void refuse(String objection) {
    if (!over) {
      over = true;
      Refusals.Refusal refusal = Refusals.refusal(Errno.EPERM, objection, null);
      call.close(refusal.status(), refusal.trailers());
    }
  }

  private synchronized void close() {
    if (!over) {
      over = true;
      call.close(Status.OK, new Metadata());
    }
  }

  /** Where the submitter and the answer meet: whoever comes second goes on. */
  private final class Step {
    private final AtomicBoolean oneCame = new AtomicBoolean();
    private @Nullable DmaReply reply;

    void answered(DmaReply answer) {
      reply = answer;
      if (!oneCame.compareAndSet(false, true)) {
        add(answer);
        advance();
      }
    }

    @Nullable DmaReply answerOrLeave() {
      return oneCame.compareAndSet(false, true) ? null : reply;
    }
  }
}
