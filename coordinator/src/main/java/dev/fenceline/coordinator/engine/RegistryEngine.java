package dev.fenceline.coordinator.engine;

import dev.fenceline.coordinator.engine.RegistryEffect.CompleteStream;
import dev.fenceline.coordinator.engine.RegistryEffect.NodeForgotten;
import dev.fenceline.coordinator.engine.RegistryEffect.Recovered;
import dev.fenceline.coordinator.engine.RegistryEffect.RefuseStream;
import dev.fenceline.coordinator.engine.RegistryEffect.ReleaseEndpoint;
import dev.fenceline.coordinator.engine.RegistryEffect.SendUpdate;
import dev.fenceline.coordinator.engine.RegistryInput.ReportReceived;
import dev.fenceline.coordinator.engine.RegistryInput.StreamClosed;
import dev.fenceline.coordinator.engine.RegistryInput.StreamOpened;
import dev.fenceline.coordinator.engine.RegistryInput.Tick;
import dev.fenceline.coordinator.engine.RegistryUpdate.HostEndpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Registration and health of all nodes, as a pure state machine. Not thread-safe: confined to one
 * mailbox or to the simulator.
 *
 * <p>Soft state only: what is in here comes from reports and is rebuilt by them. Since an empty
 * registry after a start says nothing about the world, the engine is <em>recovering</em> until each
 * living node has had time to report.
 *
 * <p>Hosts stay in the list that agents get while they are suspect or lost: that the coordinator
 * does not hear a host is no evidence that its agents do not, and an agent gives up a host that it
 * is told to give up. Only a goodbye, or oblivion, takes a host off the list.
 */
public final class RegistryEngine {
  /** Hosts remembered at most, in any state. */
  public static final int MAX_HOSTS = 256;

  /** Agents remembered at most, in any state. */
  public static final int MAX_AGENTS = 4096;

  /** Open streams at most: each node may reconnect before its old stream is seen to break. */
  public static final int MAX_STREAMS = 2 * (MAX_HOSTS + MAX_AGENTS);

  private static final long NEVER = Long.MAX_VALUE;

  /** An open stream: whose it is once the first report has come. */
  private static final class Stream {
    long openedNanos;
    @Nullable NodeKey owner;

    Stream(long openedNanos) {
      this.openedNanos = openedNanos;
    }
  }

  private final RegistrySettings settings;
  private final long bootToken;
  private final long startNanos;
  private final TreeMap<NodeKey, Node> nodes = new TreeMap<>();
  private final TreeMap<Long, Stream> streams = new TreeMap<>();
  private final List<RegistryEffect> effects = new ArrayList<>();

  private boolean recovering = true;
  private long recoveryEndNanos;
  private long recoveryLimitNanos;
  private long revision = 1;
  private List<HostEndpoint> hostList = List.of();

  /** No node, stream or window ends before it; may be early, never late. */
  private long deadlineNanos;

  private long nowNanos;
  private boolean hostsTouched;
  private boolean tellEveryone;

  /**
   * @param bootToken random per start of the coordinator
   * @param startNanos now, on the clock whose times {@link #step} gets
   */
  public RegistryEngine(RegistrySettings settings, long bootToken, long startNanos) {
    this.settings = settings;
    this.bootToken = bootToken;
    this.startNanos = startNanos;
    this.nowNanos = startNanos;
    this.recoveryEndNanos = startNanos + settings.recoveryWindowNanos();
    this.recoveryLimitNanos = startNanos + settings.recoveryLimitNanos();
    this.deadlineNanos = recoveryEndNanos;
  }

  /**
   * Takes one input at a time.
   *
   * @param nowNanos monotonic time; an earlier time than the last one counts as the last one
   * @return what is to be done, in this order
   */
  public List<RegistryEffect> step(long nowNanos, RegistryInput input) {
    this.nowNanos = Math.max(this.nowNanos, nowNanos);
    forgiveOwnStall();
    if (this.nowNanos >= deadlineNanos) {
      sweep();
    }
    long answered =
        switch (input) {
          case StreamOpened opened -> opened(opened.streamId());
          case ReportReceived received -> reported(received.streamId(), received.report());
          case StreamClosed closed -> closed(closed.streamId(), closed.reason());
          case Tick ignored -> Node.NO_STREAM;
        };
    tell(answered);
    List<RegistryEffect> done = List.copyOf(effects);
    effects.clear();
    return done;
  }

  /**
   * When {@link #step} has to be called at the latest, with a {@link Tick} if nothing else happens;
   * {@code Long.MAX_VALUE} for never.
   */
  public long nextDeadlineNanos() {
    return deadlineNanos;
  }

  /**
   * Whether the registry still waits for nodes to report after its start; what it knows is no
   * answer until then.
   */
  public boolean isRecovering() {
    return recovering;
  }

  public long bootToken() {
    return bootToken;
  }

  /** All that is known at a time not before the last step's. */
  public RegistryView view(long atNanos) {
    long at = Math.max(nowNanos, atNanos);
    return new RegistryView(
        bootToken,
        recovering,
        recovering ? Math.max(0, recoveryEndNanos - at) : 0,
        at - startNanos,
        revision,
        nodes.values().stream().map(node -> node.view(at)).toList());
  }

  /** One node, if it is remembered. */
  public Optional<NodeView> node(NodeKey key, long atNanos) {
    return Optional.ofNullable(nodes.get(key)).map(node -> node.view(Math.max(nowNanos, atNanos)));
  }

  /** How many nodes of each kind are in each state. */
  public RegistryCounts counts() {
    int[][] counts = new int[NodeKind.values().length][NodeState.values().length];
    int devices = 0;
    for (Node node : nodes.values()) {
      counts[node.key.kind().ordinal()][node.state.ordinal()]++;
      if (!node.isRemembranceOnly() && node.load instanceof NodeLoad.AgentLoad agent) {
        devices += agent.devices().size();
      }
    }
    return new RegistryCounts(counts, devices, streams.size(), recovering);
  }

  /**
   * A deadline that is noticed a report interval late means that this process stood still, and was
   * deaf meanwhile: everybody gets that time back. Otherwise a paused coordinator would wake up,
   * lose the whole installation and push that to everybody.
   */
  private void forgiveOwnStall() {
    long lateNanos = nowNanos - deadlineNanos;
    if (deadlineNanos == NEVER || lateNanos < settings.reportIntervalNanos()) {
      return;
    }
    for (Node node : nodes.values()) {
      node.heardNanos = Math.min(nowNanos, node.heardNanos + lateNanos);
    }
    for (Stream stream : streams.values()) {
      stream.openedNanos = Math.min(nowNanos, stream.openedNanos + lateNanos);
    }
    if (recovering) {
      recoveryEndNanos += lateNanos;
      recoveryLimitNanos += lateNanos;
    }
  }

  private void sweep() {
    if (recovering && nowNanos >= recoveryEndNanos) {
      endRecovery();
    }
    for (Node node : List.copyOf(nodes.values())) {
      while (nodes.containsKey(node.key) && nowNanos >= node.deadlineNanos(settings)) {
        expire(node);
      }
    }
    List.copyOf(streams.entrySet()).stream()
        .filter(
            entry -> entry.getValue().owner == null && nowNanos >= silentAtNanos(entry.getValue()))
        .forEach(
            entry ->
                refuse(
                    entry.getKey(), new Refusal.Silent(nowNanos - entry.getValue().openedNanos)));
    deadlineNanos = earliestNanos();
  }

  /**
   * The window is over; that nobody has dialled again in it does not mean that nobody is there: one
   * more interval is waited for, until the hosts that are expected are here or the limit is
   * reached.
   */
  private void endRecovery() {
    long hosts =
        nodes.values().stream()
            .filter(node -> node.key.kind() == NodeKind.HOST && node.state == NodeState.LIVE)
            .count();
    if (hosts < settings.expectedHosts() && nowNanos < recoveryLimitNanos) {
      recoveryEndNanos = Math.min(recoveryLimitNanos, nowNanos + settings.reportIntervalNanos());
      return;
    }
    recovering = false;
    tellEveryone = true;
    effects.add(new Recovered());
  }

  private void expire(Node node) {
    switch (node.state) {
      case LIVE -> effects.add(node.transition(NodeState.SUSPECT, "reports are missed", nowNanos));
      case SUSPECT -> {
        effects.add(
            node.transition(NodeState.LOST, "no report within the liveness timeout", nowNanos));
        // The stream goes with the node: a report that comes after all has to register anew.
        endStream(node, new Refusal.Silent(nowNanos - node.heardNanos));
      }
      case LOST, LEFT -> forget(node);
    }
  }

  private long earliestNanos() {
    long earliest = recovering ? recoveryEndNanos : NEVER;
    for (Node node : nodes.values()) {
      earliest = Math.min(earliest, node.deadlineNanos(settings));
    }
    for (Stream stream : streams.values()) {
      if (stream.owner == null) {
        earliest = Math.min(earliest, silentAtNanos(stream));
      }
    }
    return earliest;
  }

  private long silentAtNanos(Stream stream) {
    return stream.openedNanos + settings.livenessTimeoutNanos();
  }

  private long opened(long streamId) {
    if (streams.size() >= MAX_STREAMS) {
      effects.add(
          new RefuseStream(streamId, new Refusal.RegistryFull("report streams", MAX_STREAMS)));
      return Node.NO_STREAM;
    }
    Stream stream = new Stream(nowNanos);
    streams.put(streamId, stream);
    deadlineNanos = Math.min(deadlineNanos, silentAtNanos(stream));
    return Node.NO_STREAM;
  }

  private long closed(long streamId, String reason) {
    Stream stream = streams.remove(streamId);
    Node node = stream == null || stream.owner == null ? null : nodes.get(stream.owner);
    if (node != null && node.streamId == streamId) {
      node.streamId = Node.NO_STREAM;
      if (node.state == NodeState.LIVE) {
        effects.add(
            node.transition(NodeState.SUSPECT, "its report stream ended: " + reason, nowNanos));
        await(node);
      }
    }
    return Node.NO_STREAM;
  }

  /** Returns the stream that is owed an answer. */
  private long reported(long streamId, NodeReport report) {
    Stream stream = streams.get(streamId);
    if (stream == null) {
      return Node.NO_STREAM; // refused or lost before; its end is on the way to the node (INV-10)
    }
    if (report.leaving() && stream.owner != null && isSameProcess(stream.owner, report)) {
      left(stream.owner, report);
      return Node.NO_STREAM;
    }
    Optional<Refusal.Malformed> fault = ReportCheck.fault(report);
    NodeLoad load = report.load();
    if (fault.isPresent() || load == null) {
      refuse(streamId, fault.orElseGet(() -> new Refusal.Malformed("node", "must be set")));
      return Node.NO_STREAM;
    }
    return stream.owner == null
        ? register(streamId, stream, report, load)
        : refresh(streamId, stream.owner, report, load);
  }

  private long refresh(long streamId, NodeKey owner, NodeReport report, NodeLoad load) {
    if (load.kind() != owner.kind() || !isSameProcess(owner, report)) {
      refuse(streamId, new Refusal.IdentityChanged(owner));
      return Node.NO_STREAM;
    }
    Node node = node(owner);
    heard(node, report, load, "reports again");
    return streamId;
  }

  private boolean isSameProcess(NodeKey owner, NodeReport report) {
    return report.nodeId().equals(owner.nodeId())
        && report.bootToken() == node(owner).report.bootToken();
  }

  /** The first report of a stream: a new node, a reconnect, or a new process of a known node. */
  private long register(long streamId, Stream stream, NodeReport report, NodeLoad load) {
    NodeKey key = new NodeKey(load.kind(), report.nodeId());
    Node known = nodes.get(key);
    Optional<Refusal> refusal = known == null ? noRoom(key.kind()) : taken(known, report);
    if (refusal.isPresent()) {
      refuse(streamId, refusal.get());
      return Node.NO_STREAM;
    }
    if (report.leaving()) {
      streams.remove(
          streamId); // said goodbye before it said anything: there is nothing to remember
      effects.add(new CompleteStream(streamId));
      return Node.NO_STREAM;
    }
    if (known == null) {
      Node node = new Node(key, report, load, nowNanos);
      nodes.put(key, node);
      effects.add(new RegistryEffect.NodeChanged(key, NodeState.LIVE, NodeState.LIVE, node.reason));
      adopt(node, streamId, stream);
      hostsTouched |= key.kind() == NodeKind.HOST;
    } else {
      takeOver(known, streamId, stream, report, load);
    }
    return streamId;
  }

  private void takeOver(Node node, long streamId, Stream stream, NodeReport report, NodeLoad load) {
    endStream(node, new Refusal.Superseded(streamId));
    // Whoever answers at the endpoint now, an old connection there may sit in a long back-off.
    effects.add(new ReleaseEndpoint(node.key, node.report.endpoint()));
    boolean sameProcess = node.report.bootToken() == report.bootToken();
    if (!sameProcess) {
      node.registeredNanos = nowNanos;
      effects.add(node.transition(NodeState.LIVE, "restarted", nowNanos));
    }
    heard(node, report, load, "reconnected");
    adopt(node, streamId, stream);
    hostsTouched |= node.key.kind() == NodeKind.HOST;
  }

  private void adopt(Node node, long streamId, Stream stream) {
    stream.owner = node.key;
    node.streamId = streamId;
    await(node);
  }

  private void heard(Node node, NodeReport report, NodeLoad load, String why) {
    if (!node.report.endpoint().equals(report.endpoint())) {
      effects.add(new ReleaseEndpoint(node.key, node.report.endpoint()));
      hostsTouched |= node.key.kind() == NodeKind.HOST;
    }
    node.report = report;
    node.load = load;
    node.heardNanos = nowNanos;
    if (node.state != NodeState.LIVE) {
      effects.add(node.transition(NodeState.LIVE, why, nowNanos));
      await(node);
    }
  }

  private Optional<Refusal> taken(Node known, NodeReport report) {
    boolean held = known.state == NodeState.LIVE && known.streamId != Node.NO_STREAM;
    if (!held || known.report.bootToken() == report.bootToken()) {
      return Optional.empty();
    }
    return Optional.of(
        new Refusal.NodeIdTaken(
            known.key,
            known.report.endpoint(),
            known.report.bootToken(),
            nowNanos - known.heardNanos));
  }

  /**
   * Forgets the node that has been gone longest if the registry is full; a refusal if nobody is
   * gone.
   */
  private Optional<Refusal> noRoom(NodeKind kind) {
    int limit =
        switch (kind) {
          case HOST -> MAX_HOSTS;
          case AGENT -> MAX_AGENTS;
        };
    List<Node> same = nodes.values().stream().filter(node -> node.key.kind() == kind).toList();
    if (same.size() < limit) {
      return Optional.empty();
    }
    Optional<Node> longestGone =
        same.stream()
            .filter(Node::isRemembranceOnly)
            .min((a, b) -> Long.compare(a.sinceNanos, b.sinceNanos));
    longestGone.ifPresent(this::forget);
    return longestGone.isPresent()
        ? Optional.empty()
        : Optional.of(new Refusal.RegistryFull(kind == NodeKind.HOST ? "hosts" : "agents", limit));
  }

  private void left(NodeKey key, NodeReport lastWords) {
    Node node = node(key);
    effects.add(node.transition(NodeState.LEFT, "said goodbye", nowNanos));
    streams.remove(node.streamId);
    effects.add(new CompleteStream(node.streamId));
    node.streamId = Node.NO_STREAM;
    effects.add(new ReleaseEndpoint(key, node.report.endpoint()));
    node.remember(lastWords);
    hostsTouched |= key.kind() == NodeKind.HOST;
    await(node);
  }

  private void forget(Node node) {
    nodes.remove(node.key);
    effects.add(new NodeForgotten(node.key, node.state));
    effects.add(new ReleaseEndpoint(node.key, node.report.endpoint()));
    hostsTouched |= node.key.kind() == NodeKind.HOST;
  }

  private void refuse(long streamId, Refusal refusal) {
    effects.add(new RefuseStream(streamId, refusal));
    closed(streamId, "refused, " + refusal.slug());
  }

  /** Ends the node's stream, if it has one, without touching the node's state. */
  private void endStream(Node node, Refusal refusal) {
    if (node.streamId != Node.NO_STREAM) {
      streams.remove(node.streamId);
      effects.add(new RefuseStream(node.streamId, refusal));
      node.streamId = Node.NO_STREAM;
    }
  }

  private void await(Node node) {
    deadlineNanos = Math.min(deadlineNanos, node.deadlineNanos(settings));
  }

  private Node node(NodeKey key) {
    Node node = nodes.get(key);
    if (node == null) {
      throw new IllegalStateException("a stream belongs to " + key + ", which is not registered");
    }
    return node;
  }

  /**
   * Answers the stream that reported; when the list of hosts has changed, or recovery has ended,
   * tells all the others too.
   */
  private void tell(long answeredStreamId) {
    if (hostsTouched) {
      hostsTouched = false;
      List<HostEndpoint> list = currentHosts();
      if (!list.equals(hostList)) {
        hostList = list;
        revision++;
        tellEveryone = true;
      }
    }
    for (Node node : tellEveryone ? nodes.values() : List.<Node>of()) {
      if (node.streamId != Node.NO_STREAM && node.streamId != answeredStreamId) {
        effects.add(new SendUpdate(node.streamId, updateFor(node.key.kind())));
      }
    }
    tellEveryone = false;
    Stream answered = streams.get(answeredStreamId);
    if (answered != null && answered.owner != null) {
      effects.add(new SendUpdate(answeredStreamId, updateFor(answered.owner.kind())));
    }
  }

  private RegistryUpdate updateFor(NodeKind kind) {
    return new RegistryUpdate(
        bootToken,
        revision,
        kind == NodeKind.AGENT ? hostList : List.of(),
        settings.reportIntervalNanos(),
        recovering);
  }

  private List<HostEndpoint> currentHosts() {
    return nodes.values().stream()
        .filter(node -> node.key.kind() == NodeKind.HOST && node.state != NodeState.LEFT)
        .map(node -> new HostEndpoint(node.key.nodeId(), node.report.endpoint()))
        .toList();
  }
}
