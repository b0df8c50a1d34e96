package dev.fenceline.client.rest;

import dev.fenceline.client.DeviceProgram;
import dev.fenceline.client.ProgramTies;
import dev.fenceline.client.resource.AddressSpace;
import dev.fenceline.client.resource.Agent;
import dev.fenceline.client.resource.Attributes;
import dev.fenceline.client.resource.Contention;
import dev.fenceline.client.resource.CoordinatorStatus;
import dev.fenceline.client.resource.Device;
import dev.fenceline.client.resource.Fault;
import dev.fenceline.client.resource.Fence;
import dev.fenceline.client.resource.Host;
import dev.fenceline.client.resource.HostPolicy;
import dev.fenceline.client.resource.MemoryPage;
import dev.fenceline.client.resource.Mirror;
import dev.fenceline.client.resource.Notice;
import dev.fenceline.client.resource.Operation;
import dev.fenceline.client.resource.Pin;
import dev.fenceline.client.resource.Program;
import dev.fenceline.client.resource.Range;
import dev.fenceline.client.resource.SpaceMap;
import dev.fenceline.client.resource.SpaceOperation;
import dev.fenceline.client.resource.WaitGraph;
import dev.fenceline.client.resource.WaitTimes;
import dev.fenceline.model.NotificationMode;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The REST interface of one coordinator. Thread-safe; every call blocks, at most as long as the
 * bound for each attempt.
 *
 * <p>Lists are walked page by page, so a million ranges take the memory of one page:
 *
 * {@snippet :
 * try (CoordinatorClient coordinator =
 *     CoordinatorClient.builder(URI.create("http://localhost:8080")).token("...").build()) {
 *   for (Fence fence : coordinator.fences(Query.all().pending())) {
 *     System.out.println(coordinator.fence(fence.id()).summary());
 *   }
 * }
 * }
 *
 * <p>A method throws {@link ProblemException} if the coordinator refuses or cannot answer, and
 * {@link UnreachableException} if there is no answer.
 */
public final class CoordinatorClient implements AutoCloseable {
  /** Three of the coordinator's own signs of life. */
  private static final Duration EVENT_SILENCE = Duration.ofSeconds(30);

  private final RestConnection connection;

  private CoordinatorClient(Builder settings) {
    HttpClient.Builder http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(settings.bound)
            .followRedirects(HttpClient.Redirect.NEVER);
    if (settings.tls != null) {
      http.sslContext(settings.tls);
    }
    this.connection = new RestConnection(settings, http.build());
  }

  /** A client of the coordinator whose REST interface is at {@code server}. */
  public static Builder builder(URI server) {
    return new Builder(server);
  }

  /** How to reach a coordinator. Confined to one thread. */
  public static final class Builder {
    private final URI server;
    private @Nullable String token;
    private @Nullable SSLContext tls;
    private Duration bound = Duration.ofSeconds(10);
    private RetryPolicy retries = RetryPolicy.DEFAULT;
    private RestConnection.Pause pause = Thread::sleep;

    private Builder(URI server) {
      if (server.getHost() == null || !String.valueOf(server.getScheme()).matches("https?")) {
        throw new IllegalArgumentException(
            "not the address of a coordinator, as http://localhost:8080 is: " + server);
      }
      this.server = server;
    }

    /** Who one is; without, the coordinator's rules for anonymous requests hold. */
    public Builder token(@Nullable String bearerToken) {
      this.token = bearerToken;
      return this;
    }

    /** Whom to trust, and which certificate to show. */
    public Builder tls(@Nullable SSLContext context) {
      this.tls = context;
      return this;
    }

    /** Bound of each attempt. */
    public Builder bound(Duration each) {
      this.bound = each;
      return this;
    }

    public Builder retries(RetryPolicy policy) {
      this.retries = policy;
      return this;
    }

    Builder pause(RestConnection.Pause way) {
      this.pause = way;
      return this;
    }

    URI server() {
      return server;
    }

    @Nullable String token() {
      return token;
    }

    Duration bound() {
      return bound;
    }

    RetryPolicy retries() {
      return retries;
    }

    RestConnection.Pause pause() {
      return pause;
    }

    /** Dials nobody yet. */
    public CoordinatorClient build() {
      return new CoordinatorClient(this);
    }
  }

  /** Whose client this is. */
  public URI server() {
    return connection.server();
  }

  /**
   * Any resource as the document that the coordinator sends; the path is that behind {@code
   * /api/v1}.
   */
  public JsonNode document(String path, Query query) {
    return connection.get(path, query);
  }

  /** Any list; the path is that behind {@code /api/v1}. */
  public <T> Listing<T> listing(String path, Query query, Class<T> type) {
    return new Listing<>(connection, path, query, type);
  }

  /** A document as a value. */
  public <T> T value(JsonNode document, Class<T> type) {
    return connection.value(document, type);
  }

  private <T> T get(String path, Class<T> type) {
    return connection.value(connection.get(path, Query.all()), type);
  }

  /** The only question that is answered while the coordinator recovers. */
  public CoordinatorStatus status() {
    return get("/status", CoordinatorStatus.class);
  }

  public Listing<Host> hosts(Query query) {
    return listing("/hosts", query, Host.class);
  }

  public Host.Detail host(String id) {
    return get(Paths.host(id), Host.Detail.class);
  }

  public Listing<Agent> agents(Query query) {
    return listing("/agents", query, Agent.class);
  }

  public Agent.Detail agent(String id) {
    return get(Paths.agent(id), Agent.Detail.class);
  }

  public Listing<Device> devices(Query query) {
    return listing("/devices", query, Device.class);
  }

  /** One device, {@code agentId/index}. */
  public Device.Detail device(String id) {
    return get(Paths.device(id), Device.Detail.class);
  }

  public Listing<AddressSpace> spaces(Query query) {
    return listing("/address-spaces", query, AddressSpace.class);
  }

  /** One address space, {@code hostId.n}. */
  public AddressSpace space(String id) {
    return get(Paths.space(id), AddressSpace.class);
  }

  public Listing<Range> ranges(String spaceId, Query query) {
    return listing(Paths.space(spaceId) + "/ranges", query, Range.class);
  }

  /** The page that the address lies in. */
  public MemoryPage page(String spaceId, long address) {
    return get(Paths.space(spaceId) + "/pages/" + Query.hex(address), MemoryPage.class);
  }

  public Listing<Mirror> mirrors(String spaceId, Query query) {
    return listing(Paths.space(spaceId) + "/mirrors", query, Mirror.class);
  }

  /** Ranges that have attributes, by address. */
  public Listing<Attributes> attributes(String spaceId, Query query) {
    return listing(Paths.space(spaceId) + "/attributes", query, Attributes.class);
  }

  /** Blocks that several parties want, by address. */
  public Listing<Contention> contention(String spaceId, Query query) {
    return listing(Paths.space(spaceId) + "/contention", query, Contention.class);
  }

  /** Pending and recent invalidations, newest first. */
  public Listing<Fence> fences(Query query) {
    return listing("/fences", query, Fence.class);
  }

  /** Who is late, since when, why, and what happens next. */
  public Fence.Detail fence(String id) {
    return get(Paths.fence(id), Fence.Detail.class);
  }

  /** Faults that are parked or under way, oldest first. */
  public Listing<Fault> faults(Query query) {
    return listing("/faults", query, Fault.class);
  }

  public Listing<Pin> pins(Query query) {
    return listing("/pins", query, Pin.class);
  }

  /** Takes a pin back on behalf of its owner, who may be using the pages still. */
  public void unpin(String id) {
    connection.delete(Paths.pin(id));
  }

  /** Who waits for whom. */
  public WaitGraph graph() {
    return get("/graph", WaitGraph.class);
  }

  /** How long invalidations took within so many seconds, 1 to 900. */
  public WaitTimes waits(int seconds) {
    return connection.value(
        connection.get("/waits", Query.all().with("seconds", seconds)), WaitTimes.class);
  }

  /**
   * [start, end) cut into cells, for a picture; the smallest interval with all mappings if the
   * query has none.
   */
  public SpaceMap map(String spaceId, Query query) {
    return connection.value(connection.get(Paths.space(spaceId) + "/map", query), SpaceMap.class);
  }

  /** The newest events, oldest first. */
  public List<Notice.Event> recentEvents(Query query) {
    List<Notice.Event> events = new ArrayList<>();
    connection
        .get("/events", query)
        .path("items")
        .forEach(item -> events.add(connection.value(item, Notice.Event.class)));
    return events;
  }

  /**
   * Events as they happen; filters are {@code kind} and {@code after}, the id of an event to resume
   * behind.
   */
  public EventStream followEvents(Query query) {
    return new EventStream(connection, query, EVENT_SILENCE);
  }

  /**
   * A new address space.
   *
   * @param hostId null if there is one host only
   * @param mode null: as the host's policy says
   */
  public AddressSpace createSpace(
      @Nullable String hostId, String name, @Nullable NotificationMode mode) {
    Map<String, Object> body = new LinkedHashMap<>();
    if (hostId != null) {
      body.put("hostId", hostId);
    }
    body.put("name", name);
    if (mode != null) {
      body.put("notificationMode", word(mode));
    }
    return connection.value(connection.post("/address-spaces", body), AddressSpace.class);
  }

  private static String word(NotificationMode mode) {
    return mode.name().toLowerCase(Locale.ROOT);
  }

  public Operation destroySpace(String id) {
    return connection.value(connection.delete(Paths.space(id)), Operation.class);
  }

  /** Changes an address space; a back-off is an outcome, not an exception. */
  public Operation operate(String spaceId, SpaceOperation operation) {
    return connection.value(
        connection.post(Paths.space(spaceId) + "/operations", operation.body()), Operation.class);
  }

  public void setNotificationMode(String spaceId, NotificationMode mode) {
    connection.put(Paths.space(spaceId) + "/policy", Map.of("notificationMode", word(mode)));
  }

  public HostPolicy hostPolicy(String id) {
    return get(Paths.host(id) + "/policy", HostPolicy.class);
  }

  /** Replaces the policy; returns what holds from now on. */
  public HostPolicy setHostPolicy(String id, HostPolicy policy) {
    return connection.value(connection.put(Paths.host(id) + "/policy", policy), HostPolicy.class);
  }

  /** Programs of all agents, newest first. */
  public Listing<Program> programs(Query query) {
    return listing("/programs", query, Program.class);
  }

  public Program program(String id) {
    return get(Paths.program(id), Program.class);
  }

  /**
   * Queues a program.
   *
   * @param device {@code agentId/index}
   * @param deadline of the whole run; null: the agent's own
   */
  public Program submit(
      String device, String spaceId, DeviceProgram program, @Nullable Duration deadline) {
    return submit(device, spaceId, program, ProgramTies.NONE, deadline);
  }

  /** As above, for a program that others wait for, or that waits for others. */
  public Program submit(
      String device,
      String spaceId,
      DeviceProgram program,
      ProgramTies ties,
      @Nullable Duration deadline) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("device", device);
    body.put("space", spaceId);
    body.putAll(ProgramBodies.of(program));
    body.putAll(ties.members());
    if (deadline != null) {
      body.put("deadlineSeconds", Math.max(1, deadline.toSeconds()));
    }
    return connection.value(connection.post("/programs", body), Program.class);
  }

  /** Ends it at the next access; one that has ended stays as it is. */
  public Program cancel(String programId) {
    return connection.value(connection.delete(Paths.program(programId)), Program.class);
  }

  /**
   * Any write that answers with a document; the path is that behind {@code /api/v1}. Carries an
   * idempotency key of its own.
   */
  public JsonNode post(String path, Map<String, ?> body) {
    return connection.post(path, body);
  }

  public JsonNode put(String path, Object body) {
    return connection.put(path, body);
  }

  public JsonNode delete(String path) {
    return connection.delete(path);
  }

  @Override
  public void close() {
    connection.close();
  }
}
