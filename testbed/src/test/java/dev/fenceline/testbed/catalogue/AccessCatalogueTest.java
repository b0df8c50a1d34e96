package dev.fenceline.testbed.catalogue;

import static dev.fenceline.testbed.catalogue.CatalogueRig.BUFFER_BYTES;
import static dev.fenceline.testbed.catalogue.CatalogueRig.HUGE_BYTES;
import static dev.fenceline.testbed.catalogue.CatalogueRig.done;
import static dev.fenceline.testbed.catalogue.CatalogueRig.map;
import static dev.fenceline.testbed.catalogue.Pattern.falling;
import static dev.fenceline.testbed.catalogue.Pattern.rising;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.client.Mapping;
import dev.fenceline.client.SpaceClient;
import dev.fenceline.common.v1.Errno;
import dev.fenceline.device.v1.ProgramResult;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Cases 1 to 13 of the catalogue: access. A test's name begins with the number of its case. */
@ParameterizedClass
@EnumSource(Variant.class)
class AccessCatalogueTest {
  private static final long PAGE_BYTES = 4096;

  /** A fault asks for 512 pages at most. */
  private static final long ONE_ROUND = BUFFER_BYTES / HUGE_BYTES;

  private static CatalogueRig rig;

  @Parameter Variant variant;

  @BeforeParameterizedClassInvocation
  static void start(Variant variant) throws IOException {
    rig = variant.rig();
  }

  @AfterParameterizedClassInvocation
  static void stop() {
    rig.close();
  }

  private static long buffer(SpaceClient process, Protection protection) {
    return map(process, Mapping.anywhere(BUFFER_BYTES, protection));
  }

  private static void protect(SpaceClient process, long address, Protection protection) {
    done(process.protect(address, BUFFER_BYTES, protection, WaitPolicy.BLOCK));
  }

  @Test
  void case01_openClose_bothSucceed() {
    SpaceClient process = rig.process("open_close");
    rig.open(0, process);
    done(process.destroy());
  }

  @Test
  void case02_anonRead_holesAndZeroPagesReadZero() {
    SpaceClient process = rig.process("anon_read");
    long address = buffer(process, Protection.READ_WRITE);
    byte[] expected = rising(BUFFER_BYTES);
    Arrays.fill(expected, 0, (int) (2 * PAGE_BYTES), (byte) 0);
    Pattern.write(
        process,
        address + 2 * PAGE_BYTES,
        Arrays.copyOfRange(expected, (int) (2 * PAGE_BYTES), (int) BUFFER_BYTES));
    protect(process, address, Protection.READ);
    process.read(address + PAGE_BYTES, 8);

    TestDevice.Reply reply = rig.open(0, process).read(address, BUFFER_BYTES);

    assertThat(reply.errno()).isEqualTo(Errno.ERRNO_UNSPECIFIED);
    assertThat(reply.pages()).isEqualTo(BUFFER_BYTES / PAGE_BYTES);
    assertThat(reply.faults()).isEqualTo(ONE_ROUND);
    assertThat(reply.mirror()).isEqualTo(expected);
    done(process.destroy());
  }

  @Test
  void case03_anonReadProt_nothingIsCopied() {
    SpaceClient process = rig.process("anon_read_prot");
    long address = buffer(process, Protection.READ_WRITE);
    Pattern.write(process, address, rising(BUFFER_BYTES));
    protect(process, address, Protection.NONE);

    TestDevice.Reply reply = rig.open(0, process).read(address, BUFFER_BYTES);

    assertThat(reply.errno()).isEqualTo(Errno.ERRNO_EFAULT);
    assertThat(reply.mirror()).isEmpty();
    protect(process, address, Protection.READ);
    assertThat(Pattern.read(process, address, BUFFER_BYTES)).isEqualTo(rising(BUFFER_BYTES));
    done(process.destroy());
  }

  @Test
  void case04_anonWrite_theCpuReadsIt() {
    SpaceClient process = rig.process("anon_write");
    long address = buffer(process, Protection.READ_WRITE);

    TestDevice.Reply reply = rig.open(0, process).write(address, rising(BUFFER_BYTES));

    assertThat(reply.ok()).isTrue();
    assertThat(reply.pages()).isEqualTo(BUFFER_BYTES / PAGE_BYTES);
    assertThat(Pattern.read(process, address, BUFFER_BYTES)).isEqualTo(rising(BUFFER_BYTES));
    done(process.destroy());
  }

  @Test
  void case05_anonWriteProt_aReadOnlyZeroPageIsUpgraded() {
    SpaceClient process = rig.process("anon_write_prot");
    long address = buffer(process, Protection.READ);
    TestDevice device = rig.open(0, process);

    TestDevice.Reply first = device.read(address, PAGE_BYTES);
    assertThat(first.ok()).isTrue();
    assertThat(first.pages()).isEqualTo(1);
    assertThat(first.faults()).isEqualTo(1);

    assertThat(device.write(address, rising(BUFFER_BYTES)).errno()).isEqualTo(Errno.ERRNO_EPERM);
    assertThat(Pattern.read(process, address, BUFFER_BYTES)).containsOnly(0);

    protect(process, address, Protection.READ_WRITE);
    assertThat(device.write(address, rising(BUFFER_BYTES)).ok()).isTrue();
    assertThat(Pattern.read(process, address, BUFFER_BYTES)).isEqualTo(rising(BUFFER_BYTES));
    done(process.destroy());
  }

  @Test
  void case06_anonWriteChild_theParentKeepsItsBytes() {
    SpaceClient parent = rig.process("anon_write_child");
    long address = buffer(parent, Protection.READ_WRITE);
    Pattern.write(parent, address, rising(BUFFER_BYTES));
    TestDevice parents = rig.open(0, parent);
    assertThat(parents.read(address, BUFFER_BYTES).ok()).isTrue();

    SpaceClient child = parent.fork("child");
    assertThat(Pattern.read(child, address, BUFFER_BYTES)).isEqualTo(rising(BUFFER_BYTES));
    TestDevice.Reply reply = rig.open(0, child).write(address, falling(BUFFER_BYTES));

    assertThat(reply.ok()).isTrue();
    assertThat(Pattern.read(child, address, BUFFER_BYTES)).isEqualTo(falling(BUFFER_BYTES));
    done(child.destroy());
    assertThat(Pattern.read(parent, address, BUFFER_BYTES)).isEqualTo(rising(BUFFER_BYTES));
    assertThat(parents.read(address, BUFFER_BYTES).mirror()).isEqualTo(rising(BUFFER_BYTES));
    done(parent.destroy());
  }

  @Test
  void case07_anonWriteChildShared_theParentSeesIt() {
    SpaceClient parent = rig.process("anon_write_child_shared");
    long address =
        map(parent, Mapping.anywhere(BUFFER_BYTES, Protection.READ_WRITE).of("", 0, true));
    Pattern.write(parent, address, rising(BUFFER_BYTES));
    TestDevice parents = rig.open(0, parent);
    assertThat(parents.read(address, BUFFER_BYTES).ok()).isTrue();

    SpaceClient child = parent.fork("child");
    assertThat(Pattern.read(child, address, BUFFER_BYTES)).isEqualTo(rising(BUFFER_BYTES));
    TestDevice.Reply reply = rig.open(0, child).write(address, falling(BUFFER_BYTES));

    assertThat(reply.ok()).isTrue();
    assertThat(Pattern.read(child, address, BUFFER_BYTES)).isEqualTo(falling(BUFFER_BYTES));
    done(child.destroy());
    assertThat(Pattern.read(parent, address, BUFFER_BYTES)).isEqualTo(falling(BUFFER_BYTES));
    assertThat(parents.read(address, BUFFER_BYTES).mirror()).isEqualTo(falling(BUFFER_BYTES));
    done(parent.destroy());
  }

  @Test
  void case08_anonWriteHuge_anAlignedRegionIsWritten() {
    SpaceClient process = rig.process("anon_write_huge");
    long mapped = map(process, Mapping.anywhere(2 * HUGE_BYTES, Protection.READ_WRITE));
    long address = (mapped + HUGE_BYTES - 1) & -HUGE_BYTES;

    TestDevice.Reply reply = rig.open(0, process).write(address, rising(HUGE_BYTES));

    assertThat(reply.ok()).isTrue();
    assertThat(reply.pages()).isEqualTo(512);
    assertThat(Pattern.read(process, address, HUGE_BYTES)).isEqualTo(rising(HUGE_BYTES));
    done(process.destroy());
  }

  @Test
  void case10_fileRead_theDeviceSeesTheFile() throws IOException {
    rig.file("read", rising(BUFFER_BYTES));
    SpaceClient process = rig.process("file_read");
    long address =
        map(process, Mapping.anywhere(BUFFER_BYTES, Protection.READ).of("file:read", 0, true));

    TestDevice.Reply reply = rig.open(0, process).read(address, BUFFER_BYTES);

    assertThat(reply.ok()).isTrue();
    assertThat(reply.faults()).isEqualTo(ONE_ROUND);
    assertThat(reply.mirror()).isEqualTo(rising(BUFFER_BYTES));
    done(process.destroy());
  }

  @Test
  void case11_fileWrite_theFileHasItAfterSync() throws IOException {
    Path file = rig.file("written", new byte[(int) BUFFER_BYTES]);
    SpaceClient process = rig.process("file_write");
    long address =
        map(
            process,
            Mapping.anywhere(BUFFER_BYTES, Protection.READ_WRITE).of("file:written", 0, true));

    TestDevice.Reply reply = rig.open(0, process).write(address, rising(BUFFER_BYTES));

    assertThat(reply.ok()).isTrue();
    assertThat(Pattern.read(process, address, BUFFER_BYTES)).isEqualTo(rising(BUFFER_BYTES));
    done(process.sync(address, BUFFER_BYTES));
    assertThat(Files.readAllBytes(file)).isEqualTo(rising(BUFFER_BYTES));
    done(process.destroy());
  }

  @Test
  void case12_anonReadMultiple_noStaleEntryOfAnEarlierMapping() {
    SpaceClient process = rig.process("anon_read_multiple");
    TestDevice device = rig.open(0, process);
    for (int round = 0; round < 10; round++) {
      long address = buffer(process, Protection.READ_WRITE);
      Pattern.write(process, address, rising(BUFFER_BYTES, round));

      TestDevice.Reply reply = device.read(address, BUFFER_BYTES);

      assertThat(reply.ok()).isTrue();
      assertThat(reply.faults()).isEqualTo(ONE_ROUND);
      assertThat(reply.mirror()).isEqualTo(rising(BUFFER_BYTES, round));
      done(process.unmap(address, BUFFER_BYTES, WaitPolicy.BLOCK));
    }
    done(process.destroy());
  }

  @Test
  void case13_anonTeardown_aReadBesideAnUnmapFailsOrIsRight() throws InterruptedException {
    SpaceClient process = rig.process("anon_teardown");
    TestDevice device = rig.open(0, process);
    SplittableRandom random = new SplittableRandom(13);
    for (int round = 0; round < 10; round++) {
      long address = buffer(process, Protection.READ_WRITE);
      byte[] bytes = rising(BUFFER_BYTES, round);
      Pattern.write(process, address, bytes);
      long pauseNanos = random.nextLong(32_000);
      Thread unmapper =
          Thread.ofVirtual()
              .start(
                  () -> {
                    LockSupport.parkNanos(pauseNanos);
                    done(
                        process.unmap(
                            address + BUFFER_BYTES / 2, BUFFER_BYTES / 2, WaitPolicy.BLOCK));
                  });

      ProgramResult result = device.sum(address, BUFFER_BYTES);

      unmapper.join();
      if (result.getErrno() == Errno.ERRNO_UNSPECIFIED) {
        CRC32C expected = new CRC32C();
        expected.update(bytes);
        assertThat(result.getCrc32C()).isEqualTo((int) expected.getValue());
      } else {
        assertThat(result.getErrno()).isEqualTo(Errno.ERRNO_EFAULT);
      }
      done(process.unmap(address, BUFFER_BYTES, WaitPolicy.BLOCK));
    }
    done(process.destroy());
  }
}
