package dev.fenceline.testbed.launch;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;

/** Free TCP ports of this machine. Stateless. */
final class Ports {
  private Ports() {}

  /**
   * Ports that nobody listens on at this moment, all different.
   *
   * @throws LaunchFailure if there are not enough
   */
  static List<Integer> free(int count) throws LaunchFailure {
    List<ServerSocket> held = new ArrayList<>();
    try {
      List<Integer> ports = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        held.add(socket);
        ports.add(socket.getLocalPort());
      }
      return ports;
    } catch (IOException e) {
      throw new LaunchFailure("cannot find " + count + " free ports: " + e.getMessage(), e);
    } finally {
      for (ServerSocket socket : held) {
        closeQuietly(socket);
      }
    }
  }

  private static void closeQuietly(ServerSocket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // Nothing was ever accepted on it.
    }
  }
}
