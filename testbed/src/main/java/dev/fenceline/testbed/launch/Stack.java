package dev.fenceline.testbed.launch;

import dev.fenceline.security.PeerIdentity;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.SecuritySettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Coordinators, a host and agents on this machine, as child processes. Started by one thread; may
 * be closed by any, more than once.
 */
public final class Stack implements AutoCloseable {
  private static final PeerIdentity COORDINATOR =
      new PeerIdentity(PeerRole.COORDINATOR, "coordinator");
  private static final PeerIdentity HOST = new PeerIdentity(PeerRole.HOST, "host-1");
  private static final Duration STOP_WITHIN = Duration.ofSeconds(8);

  /** What starts a service, without its own options. */
  @FunctionalInterface
  interface Commands {
    List<String> of(ServiceKind kind) throws LaunchFailure;
  }

  private final StackSpec spec;
  private final List<ServiceProcess> agents = new ArrayList<>();
  private final List<ServiceProcess> all = new ArrayList<>();
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Where the certificates are; null in plaintext. */
  private @Nullable StackCertificates certificates;

  private final StackLock lock;

  private Stack(StackSpec spec, StackLock lock) {
    this.spec = spec;
    this.lock = lock;
  }

  /**
   * Starts all services at once and waits until each is ready.
   *
   * @param interruption told of the stack, so that no way out of this process leaves children
   * @throws LaunchFailure if one of them does not get there; the others are stopped
   */
  public static Stack start(Installation installation, StackSpec spec, Interruption interruption)
      throws LaunchFailure, InterruptedException {
    return start(installation::command, spec, interruption);
  }

  /** The same with other commands than the usual. */
  static Stack start(Commands commands, StackSpec spec, Interruption interruption)
      throws LaunchFailure, InterruptedException {
    Stack stack = new Stack(spec, StackLock.take(spec.directory()));
    interruption.closeOnExit(stack);
    boolean ready = false;
    try {
      StackState.requireFree(spec.directory()); // what outlived its launcher
      stack.launch(commands);
      StackState.write(spec.directory(), stack);
      stack.awaitReady();
      StackState.write(spec.directory(), stack);
      ready = true;
      return stack;
    } finally {
      if (!ready) {
        stack.close();
      }
    }
  }

  private void launch(Commands commands) throws LaunchFailure {
    if (spec.tls()) {
      certificates = StackCertificates.make(spec.directory().resolve("certs"));
    }
    int replicas = spec.coordinators();
    List<Integer> ports = Ports.free(2 * (replicas + 1 + spec.agents()));
    List<String> coordinators = new ArrayList<>();
    for (int i = 0; i < replicas; i++) {
      String name = i == 0 ? "coordinator" : "coordinator-" + (i + 1);
      add(commands, ServiceKind.COORDINATOR, name, options(ports, i, COORDINATOR));
      coordinators.add("127.0.0.1:" + ports.get(2 * i));
    }
    List<String> host = options(ports, replicas, HOST);
    host.add("--fenceline.host.host-id=" + HOST.id());
    host.add("--fenceline.host.coordinators=" + String.join(",", coordinators));
    host.add("--fenceline.host.arena=" + spec.memory().arenaKibibytes() + "KB");
    host.add("--fenceline.host.swap=" + spec.memory().swapKibibytes() + "KB");
    host.addAll(spec.hostOptions());
    add(commands, ServiceKind.HOST, "host", host);
    for (int i = 0; i < spec.agents(); i++) {
      PeerIdentity identity = new PeerIdentity(PeerRole.AGENT, "agent-" + (i + 1));
      List<String> agent = options(ports, replicas + 1 + i, identity);
      agent.add("--fenceline.agent.agent-id=" + identity.id());
      agent.add("--fenceline.agent.device-count=" + spec.devicesPerAgent());
      agent.add("--fenceline.agent.device-memory-pages=" + spec.memory().devicePages());
      agent.add("--fenceline.agent.coordinators=" + String.join(",", coordinators));
      agent.addAll(spec.agentOptions());
      agents.add(add(commands, ServiceKind.AGENT, "agent-" + (i + 1), agent));
    }
  }

  /** The ports of the service with this number, and its certificate if it has one. */
  private List<String> options(List<Integer> ports, int service, PeerIdentity identity)
      throws LaunchFailure {
    List<String> options =
        new ArrayList<>(
            List.of(
                "--spring.grpc.server.address=127.0.0.1",
                "--spring.grpc.server.port=" + ports.get(2 * service),
                "--server.port=" + ports.get(2 * service + 1),
                "--spring.main.banner-mode=off",
                "--spring.jmx.enabled=false"));
    if (certificates != null) {
      options.addAll(certificates.options(identity));
    }
    return options;
  }

  private ServiceProcess add(Commands commands, ServiceKind kind, String name, List<String> options)
      throws LaunchFailure {
    List<String> command = new ArrayList<>(commands.of(kind));
    command.addAll(options);
    ServiceProcess process =
        ServiceProcess.start(name, spec.directory().resolve(name + ".log"), command);
    synchronized (all) {
      all.add(process);
    }
    return process;
  }

  private void awaitReady() throws LaunchFailure, InterruptedException {
    long deadline = System.nanoTime() + spec.readyWithin().toNanos();
    for (ServiceProcess process : processes()) {
      process.awaitReady(deadline);
    }
  }

  /** The coordinators, the host, and the agents in order. */
  public List<ServiceProcess> processes() {
    synchronized (all) {
      return List.copyOf(all);
    }
  }

  /** The first coordinator. */
  public ServiceProcess coordinator() {
    return processes().getFirst();
  }

  public List<ServiceProcess> coordinators() {
    return processes().subList(0, spec.coordinators());
  }

  public ServiceProcess host() {
    return processes().get(spec.coordinators());
  }

  public List<ServiceProcess> agents() {
    return List.copyOf(agents);
  }

  /** The first coordinator's REST interface. */
  public String restAddress() {
    return "http://" + coordinator().httpAddress();
  }

  /** Where the certificate of a caller that may do everything is; null in plaintext. */
  public SecuritySettings.@Nullable MutualTls callerCertificate() {
    return certificates == null ? null : certificates.caller();
  }

  /** The first service that ended by itself. */
  public java.util.Optional<ServiceProcess> firstDead() {
    return processes().stream().filter(process -> !process.alive()).findFirst();
  }

  /**
   * Stops the agents, then the host, then the coordinators; each is asked, given a bounded time,
   * and ended by force after it.
   */
  @Override
  public void close() {
    close(STOP_WITHIN);
  }

  /** The same with another bound; whoever comes second does not wait. */
  void close(Duration within) {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    long deadline = System.nanoTime() + within.toNanos();
    List<ServiceProcess> reversed = processes().reversed();
    for (ServiceProcess process : reversed) {
      if (process.name().startsWith("agent")) {
        process.terminate();
      }
    }
    for (ServiceProcess process : reversed) {
      process.terminate();
      process.stop(deadline);
    }
    if (!reversed.isEmpty()) { // else the file is that of another stack
      StackState.remove(spec.directory());
    }
    lock.close();
  }
}
