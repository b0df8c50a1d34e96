package dev.fenceline.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/**
 * Checks the module that a test is run in; a module takes part by an empty subclass. Confined to
 * the test's thread.
 */
@Timeout(900) // seconds; it reads a whole module
public abstract class HouseRules {

  @TestFactory
  Stream<DynamicTest> rooms() {
    JavaClasses classes = new ClassFileImporter().importPath(Path.of("target", "classes"));
    return RoomRules.all().entrySet().stream()
        .map(rule -> dynamicTest(rule.getKey(), () -> rule.getValue().check(classes)));
  }

  @TestFactory
  Stream<DynamicTest> sources() {
    return Stream.of("src/main/java", "src/test/java")
        .map(
            root ->
                dynamicTest(
                    root, () -> assertThat(SourceRules.breachesBelow(Path.of(root))).isEmpty()));
  }
}
