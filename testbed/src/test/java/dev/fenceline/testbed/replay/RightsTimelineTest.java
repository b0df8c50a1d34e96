package dev.fenceline.testbed.replay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.testbed.trace.LinuxFlags;
import org.junit.jupiter.api.Test;

class RightsTimelineTest {
  private static final int WRITE = LinuxFlags.PROT_WRITE;

  private final RightsTimeline timeline = new RightsTimeline();

  @Test
  void accessAfterTheUnmapWasAnswered_isNotPermitted() {
    timeline.change(10, 20, Protections.READ_WRITE);
    timeline.change(100, 110, RightsTimeline.NOTHING);
    assertThat(timeline.mayPermit(WRITE, 111, 120)).isFalse();
    assertThat(timeline.mayPermit(WRITE, 105, 120)).isTrue();
    assertThat(timeline.mayPermit(WRITE, 30, 40)).isTrue();
  }

  @Test
  void accessThatOverlapsTheNextMapping_isPermitted() {
    timeline.change(10, 20, Protections.READ_WRITE);
    timeline.change(100, 110, RightsTimeline.NOTHING);
    timeline.change(200, 210, Protections.READ_WRITE);
    assertThat(timeline.mayPermit(WRITE, 150, 199)).isFalse();
    assertThat(timeline.mayPermit(WRITE, 150, 200)).isTrue();
  }

  @Test
  void writeToAReadOnlyPage_isNotPermittedThoughAReadIs() {
    timeline.change(10, 20, Protections.READ_WRITE);
    timeline.change(50, 60, LinuxFlags.PROT_READ);
    assertThat(timeline.mayPermit(WRITE, 61, 70)).isFalse();
    assertThat(timeline.mayPermit(LinuxFlags.PROT_READ, 61, 70)).isTrue();
  }

  @Test
  void refusalWhileThePageWasMappedAllTheTime_cannotBe() {
    timeline.change(10, 20, Protections.READ_WRITE);
    timeline.change(100, 110, RightsTimeline.NOTHING);
    assertThat(timeline.mayRefuse(WRITE, 21, 99)).isFalse();
    assertThat(timeline.mayRefuse(WRITE, 21, 100)).isTrue();
    assertThat(timeline.mayRefuse(WRITE, 15, 18)).isTrue();
  }

  @Test
  void bytesAcrossAChange_areNotUndisturbed() {
    timeline.change(10, 20, Protections.READ_WRITE);
    timeline.change(100, 110, Protections.READ_WRITE);
    assertThat(timeline.undisturbed(30, 90)).isTrue();
    assertThat(timeline.undisturbed(90, 100)).isFalse();
    assertThat(timeline.undisturbed(110, 120)).isFalse();
    assertThat(timeline.undisturbed(111, 120)).isTrue();
    assertThat(timeline.undisturbed(15, 90)).isFalse();
  }

  @Test
  void beforeTheFirstChange_nothingIsKnown() {
    assertThat(timeline.mayPermit(WRITE, 1, 2)).isTrue();
    assertThat(timeline.mayRefuse(WRITE, 1, 2)).isTrue();
    assertThat(timeline.undisturbed(1, 2)).isFalse();
  }
}
