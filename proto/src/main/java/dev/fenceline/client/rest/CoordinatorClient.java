package dev.fenceline.client.rest;

import dev.fenceline.client.resource.AddressSpace;
import dev.fenceline.client.resource.Agent;
import dev.fenceline.client.resource.CoordinatorStatus;
import dev.fenceline.client.resource.Device;
import dev.fenceline.client.resource.Fence;
import dev.fenceline.client.resource.Host;
import dev.fenceline.client.resource.MemoryPage;
import dev.fenceline.client.resource.Mirror;
import dev.fenceline.client.resource.Range;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
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

  /** Pending and recent invalidations, newest first. */
  public Listing<Fence> fences(Query query) {
    return listing("/fences", query, Fence.class);
  }

  /** Who is late, since when, why, and what happens next. */
  public Fence.Detail fence(String id) {
    return get(Paths.fence(id), Fence.Detail.class);
  }

  @Override
  public void close() {
    connection.close();
  }
}
