package dev.fenceline.testbed.catalogue;

import dev.fenceline.agent.engine.memory.MigrationPolicy;
import dev.fenceline.device.v1.SnapshotReply.PageState;
import java.io.IOException;

/** What kind of memory the devices of a case have: the catalogue's variants; immutable. */
enum Variant {
  /** CPUs and others bring its pages home. */
  PRIVATE(PageState.PAGE_STATE_DEVICE_LOCAL_READ, PageState.PAGE_STATE_DEVICE_LOCAL_WRITE),
  /** Everybody uses it as it is. */
  COHERENT(PageState.PAGE_STATE_COHERENT_LOCAL_READ, PageState.PAGE_STATE_COHERENT_LOCAL_WRITE);

  private static final int MEMORY_PAGES = 4096;

  private final PageState localRead;
  private final PageState localWrite;

  Variant(PageState localRead, PageState localWrite) {
    this.localRead = localRead;
    this.localWrite = localWrite;
  }

  /** Two devices with so much memory that nothing is evicted. */
  CatalogueRig rig() throws IOException {
    return switch (this) {
      case PRIVATE -> CatalogueRig.withDeviceMemory(MEMORY_PAGES, MigrationPolicy.NEVER);
      case COHERENT -> CatalogueRig.coherent(MEMORY_PAGES);
    };
  }

  /** A page of the device that looks, which may only read it. */
  PageState localRead() {
    return localRead;
  }

  /** A page of the device that looks. */
  PageState localWrite() {
    return localWrite;
  }

  /** A page of another device, of another owner group. */
  PageState remoteWrite() {
    return switch (this) {
      case PRIVATE -> PageState.PAGE_STATE_NONE;
      case COHERENT -> PageState.PAGE_STATE_COHERENT_REMOTE_WRITE;
    };
  }

  /** What becomes of a page of the device that a CPU touches. */
  PageState touched() {
    return this == COHERENT ? localWrite : PageState.PAGE_STATE_WRITE;
  }
}
