package dev.fenceline.agent.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.agent.engine.memory.LinkMemory;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.InvalidationKind;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** A link whose host, stream and clock are the test. Confined to the test's thread. */
final class LinkByHand {
  static final long MILLISECOND = 1_000_000;
  static final long TTL = 1_000 * MILLISECOND;
  static final long INTERVAL = TTL / 5;
  static final long EPOCH = 7;
  static final long SPACE = 5;
  static final long SAFETY = 5 * MILLISECOND;

  final HostLinkEngine engine;
  long now = 1_000 * MILLISECOND;
  long session = 100;
  int faultCredit = 256;
  private long attempt;
  private long lastTicket;

  LinkByHand() {
    this(
        LinkSettings.of(
            "agent",
            42,
            List.of(new DeviceDescription(0, "d0", 1), new DeviceDescription(1, "d1", 1))));
  }

  LinkByHand(LinkSettings settings) {
    this(settings, LinkMemory.NONE);
  }

  LinkByHand(LinkSettings settings, LinkMemory memory) {
    engine = new HostLinkEngine(settings, memory, new SplittableRandom(1));
  }

  List<AgentEffect> give(AgentInput input) {
    List<AgentEffect> effects = List.copyOf(engine.step(now, input));
    for (AgentEffect effect : effects) {
      if (effect instanceof AgentEffect.Dial dial) {
        attempt = dial.attempt();
      }
    }
    return effects;
  }

  List<AgentEffect> after(long nanos, AgentInput input) {
    now += nanos;
    return give(input);
  }

  List<AgentEffect> hear(HostMessage... messages) {
    return give(
        new AgentInput.Received(attempt, new HostMessage.Batch(EPOCH, session, List.of(messages))));
  }

  HostMessage.Welcome welcome() {
    return new HostMessage.Welcome("host", EPOCH, session, TTL, INTERVAL, faultCredit);
  }

  /** From wherever it can dial to attached, with everything flushed. */
  LinkByHand attached() {
    if (engine.state() == LinkState.DISCONNECTED) {
      give(new AgentInput.Start());
    }
    give(new AgentInput.StreamOpened(attempt));
    hear(welcome());
    assertThat(engine.state()).isEqualTo(LinkState.ATTACHED);
    return this;
  }

  /** An open mirror of the whole space for a device. */
  int mirror(int device) {
    return mirror(device, 0, Pages.ADDRESS_LIMIT);
  }

  int mirror(int device, long start, long end) {
    give(new AgentInput.OpenMirror(ticket(), SPACE, device, start, end, false));
    AgentMessage.AddMirror added = last(said(), AgentMessage.AddMirror.class);
    hear(new HostMessage.MirrorAdded(added.mirrorId(), 0));
    return added.mirrorId();
  }

  long ticket() {
    return ++lastTicket;
  }

  /** A fault that waits; its ticket. */
  long want(int device, long vpn, int pages, Access access) {
    long ticket = ticket();
    give(new AgentInput.FaultWanted(ticket, SPACE, device, vpn, pages, access));
    return ticket;
  }

  /** What a flush sends. */
  List<AgentMessage> said() {
    return messages(give(new AgentInput.Flush()));
  }

  List<AgentMessage.FaultRequest> asked() {
    return only(said(), AgentMessage.FaultRequest.class);
  }

  long attempt() {
    return attempt;
  }

  static HostMessage.FaultReply reply(long faultId, long sequence, int pages, boolean writable) {
    return new HostMessage.FaultReply(
        faultId,
        sequence,
        List.of(new PageRun(pages, 9, writable, PageRun.State.PRESENT)),
        null,
        "");
  }

  static HostMessage.FaultReply refusal(long faultId, Errno errno) {
    return new HostMessage.FaultReply(faultId, 0, List.of(), errno, "no");
  }

  static HostMessage.Invalidate invalidate(long id, long sequence, long vpn, long vpnEnd) {
    return new HostMessage.Invalidate(
        List.of(id),
        SPACE,
        Pages.address(vpn),
        Pages.address(vpnEnd),
        sequence,
        InvalidationKind.UNMAP,
        HostMessage.Invalidate.ALL_DEVICES);
  }

  static List<AgentMessage> messages(List<AgentEffect> effects) {
    List<AgentMessage> messages = new ArrayList<>();
    for (AgentEffect.Send send : only(effects, AgentEffect.Send.class)) {
      messages.addAll(send.batch().messages());
    }
    return messages;
  }

  static <T> List<T> only(List<?> all, Class<T> type) {
    return all.stream().filter(type::isInstance).map(type::cast).toList();
  }

  static <T> T last(List<?> all, Class<T> type) {
    List<T> found = only(all, type);
    assertThat(found).as("%s in %s", type.getSimpleName(), all).isNotEmpty();
    return found.getLast();
  }
}
