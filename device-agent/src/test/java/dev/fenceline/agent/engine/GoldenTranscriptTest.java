package dev.fenceline.agent.engine;

import static dev.fenceline.agent.engine.LinkByHand.SPACE;
import static dev.fenceline.agent.engine.LinkByHand.invalidate;
import static dev.fenceline.agent.engine.LinkByHand.reply;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.model.Access;
import dev.fenceline.model.HostMessage;
import org.junit.jupiter.api.Test;

/** A race as a worked example: every input with the effects it has, in order. */
class GoldenTranscriptTest {
  private final LinkByHand link = new LinkByHand();
  private final StringBuilder transcript = new StringBuilder();

  private void step(AgentInput input) {
    transcript.append("> ").append(input).append('\n');
    for (AgentEffect effect : link.give(input)) {
      transcript.append("    ").append(effect).append('\n');
    }
  }

  private void heard(HostMessage message) {
    step(
        new AgentInput.Received(
            1, new HostMessage.Batch(LinkByHand.EPOCH, link.session, java.util.List.of(message))));
  }

  @Test
  void collisionAndRetry() {
    link.attached();
    link.mirror(0, 0, 1 << 20);

    step(new AgentInput.FaultWanted(50, SPACE, 0, 16, 1, Access.WRITE));
    step(new AgentInput.Flush());
    heard(invalidate(900, 8, 16, 17));
    heard(reply(1, 7, 1, true));
    step(new AgentInput.Drained(1));
    step(new AgentInput.Flush());
    heard(reply(2, 8, 1, true));

    assertThat(transcript)
        .hasToString(
            """
            > FaultWanted[ticket=50, spaceId=5, deviceIndex=0, vpn=16, pageCount=1, access=WRITE, collisions=0]
            > Flush[]
                Send[attempt=1, batch=Batch[hostEpoch=7, sessionId=100, messages=[FaultRequest[faultId=1, mirrorId=1, address=65536, pageCount=1, access=WRITE, collisions=0, around=true]]]]
            > Received[attempt=1, batch=Batch[hostEpoch=7, sessionId=100, messages=[Invalidate[invalidationIds=[900], spaceId=5, start=65536, end=69632, sequence=8, kind=UNMAP, deviceIndex=-1]]]]
                DropEntries[drainId=1, deviceIndex=0, spaceId=5, start=65536, end=69632, discards=true]
            > Received[attempt=1, batch=Batch[hostEpoch=7, sessionId=100, messages=[FaultReply[faultId=1, sequence=7, runs=[PageRun[pageCount=1, generation=9, writable=true, state=PRESENT, firstLocalPage=0, peer=null, order=0]], pagesBefore=0, errno=null, message=]]]]
            > Drained[drainIds=[1]]
            > Flush[]
                Send[attempt=1, batch=Batch[hostEpoch=7, sessionId=100, messages=[InvalidationAck[deviceIndex=0, invalidationIds=[900]], FaultRequest[faultId=2, mirrorId=1, address=65536, pageCount=1, access=WRITE, collisions=1, around=true]]]]
            > Received[attempt=1, batch=Batch[hostEpoch=7, sessionId=100, messages=[FaultReply[faultId=2, sequence=8, runs=[PageRun[pageCount=1, generation=9, writable=true, state=PRESENT, firstLocalPage=0, peer=null, order=0]], pagesBefore=0, errno=null, message=]]]]
                InstallEntries[spaceId=5, deviceIndex=0, vpn=16, runs=[PageRun[pageCount=1, generation=9, writable=true, state=PRESENT, firstLocalPage=0, peer=null, order=0]]]
                FaultDone[ticket=50, outcome=Served[]]
            """);
  }

  @Test
  void leaseExpiryAndReattach() {
    link.attached();
    link.now = link.engine.leaseEndNanos();
    step(new AgentInput.Tick());
    step(new AgentInput.Drained(1));
    link.now = link.engine.nextDeadlineNanos();
    step(new AgentInput.Tick());
    step(new AgentInput.StreamOpened(2));

    assertThat(transcript)
        .hasToString(
            """
            > Tick[]
                StateChanged[from=ATTACHED, to=FENCED, reason=the lease ran out]
                DropEverything[drainId=1, reason=the lease ran out]
                CloseStream[attempt=1, reason=the lease ran out]
            > Drained[drainIds=[1]]
                StateChanged[from=FENCED, to=BACKOFF, reason=drained]
            > Tick[]
                StateChanged[from=BACKOFF, to=DIALING, reason=the wait is over]
                Dial[attempt=2]
            > StreamOpened[attempt=2]
                StateChanged[from=DIALING, to=GREETING, reason=the stream is open]
                Send[attempt=2, batch=Batch[hostEpoch=0, sessionId=0, messages=[Hello[protocolVersion=1, agentId=agent, bootToken=42, dialAttempt=2, devices=[DeviceDescription[index=0, name=d0, units=1, memoryPages=0, ownerGroup=, coherent=false], DeviceDescription[index=1, name=d1, units=1, memoryPages=0, ownerGroup=, coherent=false]], peerTarget=, heldEpoch=0, held=[]]]]]
            """);
  }
}
