package dev.fenceline.testbed.observability;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Takes what a service exports over OTLP, as bytes. Thread-safe. */
final class SpanSink implements AutoCloseable {
  private final HttpServer server;

  /** Each export, a char per byte. */
  private final List<String> exports = new CopyOnWriteArrayList<>();

  SpanSink() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/v1/traces",
        exchange -> {
          byte[] body = exchange.getRequestBody().readAllBytes();
          exports.add(new String(body, StandardCharsets.ISO_8859_1));
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    server.start();
  }

  String endpoint() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/v1/traces";
  }

  /** Whether a span of the trace has come; its id goes over the wire as sixteen bytes. */
  boolean hasTrace(String traceId) {
    byte[] id = HexFormat.of().parseHex(traceId);
    String bytes = new String(id, StandardCharsets.ISO_8859_1);
    return exports.stream().anyMatch(export -> export.contains(bytes));
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
