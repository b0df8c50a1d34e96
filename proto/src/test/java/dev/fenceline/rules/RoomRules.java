package dev.fenceline.rules;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;

import com.tngtech.archunit.lang.ArchRule;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Hashtable;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Timer;
import java.util.WeakHashMap;

/**
 * Which package may know which: the rooms of the house. Immutable.
 *
 * <p>{@code engine} knows the model and the JDK's data types; {@code concurrent} knows the model;
 * {@code runtime} knows engine and concurrent; {@code adapter} may know all of these and any
 * library; {@code config} knows everything, and nothing knows adapter or config. {@code client} is
 * what programs of users are written against; {@code registration} is what hosts and agents tell
 * coordinators by.
 */
public final class RoomRules {

  private static final String MODEL = "dev.fenceline.model..";
  private static final String CONCURRENT = "dev.fenceline.concurrent..";
  private static final String ENGINE = "dev.fenceline.*.engine..";
  private static final String RUNTIME = "dev.fenceline.*.runtime..";
  private static final String ADAPTER = "dev.fenceline.*.adapter..";
  private static final String SECURITY = "dev.fenceline.security";
  private static final String ISSUE = "dev.fenceline.security.issue..";
  private static final String REGISTRATION = "dev.fenceline.registration..";
  private static final String CONFIG = "dev.fenceline.*.config..";
  private static final String CLIENT = "dev.fenceline.client..";
  private static final String JSPECIFY = "org.jspecify.annotations";

  /** The part of the JDK that is data: no I/O, no threads, no time zone, no native memory. */
  private static final String[] DATA_TYPES = {
    "java.lang",
    "java.lang.annotation",
    "java.lang.invoke",
    "java.lang.runtime",
    "java.math",
    "java.nio",
    "java.util",
    "java.util.function",
    "java.util.stream",
    JSPECIFY
  };

  private RoomRules() {}

  /** The rules by the name that a failure shows, in a stable order. */
  public static Map<String, ArchRule> all() {
    Map<String, ArchRule> rules = new LinkedHashMap<>();
    rules.put(
        "engine_knowsOnlyModelAndDataTypes", knowsOnly(ENGINE, and(DATA_TYPES, ENGINE, MODEL)));
    rules.put("model_knowsOnlyDataTypes", knowsOnly(MODEL, and(DATA_TYPES, MODEL)));
    rules.put("engine_isDeterministic", deterministic(ENGINE));
    rules.put("model_isDeterministic", deterministic(MODEL));
    rules.put("engine_callsNothingThatDiffersFromRunToRun", noBannedCalls());
    rules.put(
        "concurrent_knowsOnlyModel", knowsOnly(CONCURRENT, "java..", JSPECIFY, CONCURRENT, MODEL));
    rules.put("runtime_knowsOnlyEngineAndConcurrent", runtimeRooms());
    rules.put(
        "security_knowsOnlyTransport",
        knowsOnly(
            SECURITY,
            "java..",
            "javax.net.ssl",
            "io.grpc..",
            "io.netty..",
            "org.slf4j..",
            JSPECIFY,
            SECURITY));
    rules.put("registration_knowsOnlyTheRegistry", registrationRoom());
    rules.put(
        "peer_knowsOnlyStreamsOfBytes",
        knowsOnly(
            "dev.fenceline.peer..",
            "java..",
            "io.grpc..",
            JSPECIFY,
            "dev.fenceline.peer..",
            "dev.fenceline.device.v1..",
            "dev.fenceline.transfer.v1..",
            "dev.fenceline.wire..",
            SECURITY,
            CONCURRENT,
            MODEL));
    rules.put("issue_isForTestInstallations", issueIsForTestInstallations());
    rules.put("client_knowsNoServicesInside", clientRoom());
    rules.put("nothing_knowsAdapterOrConfig", nothingKnowsAdapterOrConfig());
    rules.put(
        "adapter_doesNotKnowConfig",
        noClasses()
            .that()
            .resideInAPackage(ADAPTER)
            .should()
            .dependOnClassesThat()
            .resideInAPackage(CONFIG)
            .allowEmptyShould(true));
    rules.put(
        "nobody_usesUnsafe",
        noClasses()
            .should()
            .dependOnClassesThat()
            .haveFullyQualifiedName("sun.misc.Unsafe")
            .allowEmptyShould(true));
    rules.put(
        "nobody_injectsIntoFields",
        noFields()
            .should()
            .beAnnotatedWith("org.springframework.beans.factory.annotation.Autowired")
            .allowEmptyShould(true));
    return rules;
  }

  private static ArchRule runtimeRooms() {
    return knowsOnly(
        RUNTIME, "java..", "org.slf4j..", JSPECIFY, RUNTIME, ENGINE, CONCURRENT, MODEL);
  }

  /** What hosts and agents share of being registered, whatever they report. */
  private static ArchRule registrationRoom() {
    return knowsOnly(
        REGISTRATION,
        "java..",
        "io.grpc..",
        "org.slf4j..",
        "com.google.protobuf..",
        "dev.fenceline.registry.v1..",
        JSPECIFY,
        SECURITY,
        REGISTRATION);
  }

  /** A service that issues certificates would have to keep the authority's key. */
  private static ArchRule issueIsForTestInstallations() {
    return noClasses()
        .that(not(resideInAnyPackage(ISSUE, "dev.fenceline.testbed..")))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(ISSUE)
        .allowEmptyShould(true);
  }

  /** What users take along with the library. */
  private static ArchRule clientRoom() {
    return knowsOnly(
        CLIENT,
        "java..",
        "javax.net.ssl..",
        JSPECIFY,
        CLIENT,
        MODEL,
        "dev.fenceline.wire..",
        "dev.fenceline.security..",
        "dev.fenceline.*.v1..",
        "com.google.protobuf..",
        "io.grpc..",
        "tools.jackson..",
        "com.fasterxml.jackson.annotation..");
  }

  private static ArchRule nothingKnowsAdapterOrConfig() {
    return noClasses()
        .that(not(resideInAnyPackage(ADAPTER, CONFIG, "dev.fenceline.testbed..")))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(ADAPTER, CONFIG)
        .allowEmptyShould(true);
  }

  private static ArchRule knowsOnly(String room, String... known) {
    return classes()
        .that()
        .resideInAPackage(room)
        .should()
        .onlyDependOnClassesThat(resideInAnyPackage(known))
        .allowEmptyShould(true);
  }

  private static ArchRule deterministic(String room) {
    return noClasses()
        .that()
        .resideInAPackage(room)
        .should()
        .dependOnClassesThat(
            belongToAnyOf(
                HashMap.class,
                HashSet.class,
                Hashtable.class,
                IdentityHashMap.class,
                WeakHashMap.class,
                Thread.class,
                ThreadLocal.class,
                Runtime.class,
                Process.class,
                ProcessBuilder.class,
                Timer.class,
                ServiceLoader.class))
        .because("unordered iteration, threads and processes differ from run to run")
        .allowEmptyShould(true);
  }

  private static ArchRule noBannedCalls() {
    return noClasses()
        .that()
        .resideInAnyPackage(ENGINE, MODEL)
        .should()
        .accessTargetWhere(new BannedTarget())
        .because("a run must be repeatable from its seed")
        .allowEmptyShould(true);
  }

  private static String[] and(String[] some, String... more) {
    String[] joined = Arrays.copyOf(some, some.length + more.length);
    System.arraycopy(more, 0, joined, some.length, more.length);
    return joined;
  }
}
