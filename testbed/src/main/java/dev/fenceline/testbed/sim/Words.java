package dev.fenceline.testbed.sim;

/** Memory of a few words a page: a host's frames, or a device's own. Confined to the event loop. */
interface Words {
  long read(int page, int word);

  void write(int page, int word, long value);
}
