package dev.fenceline.registration;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/** Which addresses a name has at the moment. Implementations are thread-safe and may block. */
@FunctionalInterface
public interface AddressLookup {
  /** What this machine's resolver says. */
  AddressLookup SYSTEM = name -> List.of(InetAddress.getAllByName(name));

  /**
   * @throws UnknownHostException if there is no such name, or nobody to ask
   */
  List<InetAddress> addresses(String name) throws UnknownHostException;
}
