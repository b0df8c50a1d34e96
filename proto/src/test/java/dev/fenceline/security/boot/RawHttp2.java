package dev.fenceline.security.boot;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A peer that speaks HTTP/2 by hand and keeps to no limit that it is told of. Confined to one
 * thread.
 */
public final class RawHttp2 implements Closeable {
  public static final int RST_STREAM = 3;
  public static final int PING = 6;
  public static final int GO_AWAY = 7;

  public static final int REFUSED_STREAM = 7;
  public static final int ENHANCE_YOUR_CALM = 11;

  private static final int DATA = 0;
  public static final int HEADERS = 1;
  private static final int SETTINGS = 4;
  private static final int ACK = 1;
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;
  private static final int FRAME_HEADER_BYTES = 9;
  private static final int CODE_BYTES = 4;
  private static final Duration BOUND = Duration.ofSeconds(60);

  private final Socket socket;
  private final DataInputStream in;
  private final OutputStream out;
  private final boolean answering;

  private RawHttp2(Socket socket, boolean answering) throws IOException {
    this.socket = socket;
    this.in = new DataInputStream(socket.getInputStream());
    this.out = socket.getOutputStream();
    this.answering = answering;
  }

  /** A frame as it came. */
  public record Frame(int type, int flags, int stream, byte[] payload) {
    /** Of RST_STREAM and GOAWAY. */
    public int errorCode() {
      int at = type == GO_AWAY ? CODE_BYTES : 0;
      int code = 0;
      for (int i = 0; i < CODE_BYTES; i++) {
        code = code << 8 | (payload[at + i] & 0xff);
      }
      return code;
    }

    /** Of HEADERS and DATA. */
    public boolean endsStream() {
      return (flags & END_STREAM) != 0;
    }

    /** What a GOAWAY says besides. */
    public String text() {
      return new String(
          payload, 2 * CODE_BYTES, payload.length - 2 * CODE_BYTES, StandardCharsets.UTF_8);
    }
  }

  /** One that acknowledges settings and pings. */
  public static RawHttp2 connect(int port) throws IOException {
    return connect(port, true);
  }

  /** One that acknowledges nothing. */
  public static RawHttp2 connectSilent(int port) throws IOException {
    return connect(port, false);
  }

  private static RawHttp2 connect(int port, boolean answering) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(Math.toIntExact(BOUND.toMillis()));
    socket.setTcpNoDelay(true);
    RawHttp2 peer = new RawHttp2(socket, answering);
    peer.out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    peer.send(SETTINGS, 0, 0, new byte[0]);
    return peer;
  }

  /** Begins a call; its request does not follow by itself. */
  public void open(int stream, String fullMethodName) throws IOException {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    header(block, ":method", "POST");
    header(block, ":scheme", "http");
    header(block, ":path", "/" + fullMethodName);
    header(block, ":authority", "localhost");
    header(block, "content-type", "application/grpc");
    header(block, "te", "trailers");
    send(HEADERS, END_HEADERS, stream, block.toByteArray());
  }

  /** Literal, without indexing: names and values of less than 127 bytes. */
  private static void header(ByteArrayOutputStream block, String name, String value) {
    block.write(0);
    for (String each : new String[] {name, value}) {
      block.write(each.length());
      block.writeBytes(each.getBytes(StandardCharsets.US_ASCII));
    }
  }

  public void data(int stream, byte... bytes) throws IOException {
    send(DATA, 0, stream, bytes);
  }

  public void ping() throws IOException {
    send(PING, 0, 0, new byte[8]);
  }

  private void send(int type, int flags, int stream, byte[] payload) throws IOException {
    ByteArrayOutputStream frame = new ByteArrayOutputStream(FRAME_HEADER_BYTES + payload.length);
    frame.write(payload.length >> 16);
    frame.write(payload.length >> 8);
    frame.write(payload.length);
    frame.write(type);
    frame.write(flags);
    for (int shift = 24; shift >= 0; shift -= 8) {
      frame.write(stream >> shift);
    }
    frame.writeBytes(payload);
    out.write(frame.toByteArray());
    out.flush();
  }

  /** The next frame of a type; null if the connection ends before. */
  public @Nullable Frame await(int type) throws IOException {
    Frame frame = next();
    while (frame != null && frame.type() != type) {
      frame = next();
    }
    return frame;
  }

  /** Whether the server ends the connection before it has been silent for a minute. */
  public boolean ends() throws IOException {
    Frame frame = next();
    while (frame != null) {
      frame = next();
    }
    return true;
  }

  private @Nullable Frame next() throws IOException {
    try {
      int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
      Frame frame =
          new Frame(in.readUnsignedByte(), in.readUnsignedByte(), in.readInt(), new byte[length]);
      in.readFully(frame.payload());
      boolean asks = frame.type() == SETTINGS || frame.type() == PING;
      if (answering && asks && (frame.flags() & ACK) == 0) {
        send(frame.type(), ACK, 0, frame.type() == PING ? frame.payload() : new byte[0]);
      }
      return frame;
    } catch (EOFException | SocketException e) {
      return null;
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
