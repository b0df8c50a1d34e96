package dev.fenceline.agent.runtime;

import dev.fenceline.agent.engine.AgentInput;
import dev.fenceline.concurrent.Mailbox;
import dev.fenceline.model.HostMessage;

/** Turns what one attach stream says into inputs of its link. Thread-safe. */
final class StreamEvents implements AttachStream.Listener {
  private final long attempt;
  private final Mailbox<AgentInput> mailbox;

  StreamEvents(long attempt, Mailbox<AgentInput> mailbox) {
    this.attempt = attempt;
    this.mailbox = mailbox;
  }

  @Override
  public void opened() {
    mailbox.submit(new AgentInput.StreamOpened(attempt));
  }

  @Override
  public void ready() {
    mailbox.submit(new AgentInput.Flush());
  }

  @Override
  public void received(HostMessage.Batch batch) {
    mailbox.submit(new AgentInput.Received(attempt, batch));
  }

  @Override
  public void ended(String reason) {
    mailbox.submit(new AgentInput.StreamEnded(attempt, reason));
  }
}
