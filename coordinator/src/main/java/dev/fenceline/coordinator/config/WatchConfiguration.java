package dev.fenceline.coordinator.config;

import dev.fenceline.coordinator.adapter.grpc.GrpcHostEvents;
import dev.fenceline.coordinator.adapter.grpc.NodeChannels;
import dev.fenceline.coordinator.adapter.metrics.CoordinatorMeters;
import dev.fenceline.coordinator.runtime.AgentCommands;
import dev.fenceline.coordinator.runtime.DeadlockBreaker;
import dev.fenceline.coordinator.runtime.EventHub;
import dev.fenceline.coordinator.runtime.FanOut;
import dev.fenceline.coordinator.runtime.HostCommands;
import dev.fenceline.coordinator.runtime.HostEventWatcher;
import dev.fenceline.coordinator.runtime.HostQueries;
import dev.fenceline.coordinator.runtime.RegistryEvents;
import dev.fenceline.coordinator.runtime.RegistryRuntime;
import dev.fenceline.coordinator.runtime.WaitGraphs;
import dev.fenceline.coordinator.runtime.WaitSampler;
import java.time.InstantSource;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What the coordinator watches all the time: events and wait times of hosts. Stateless. */
@Configuration(proxyBeanMethods = false)
class WatchConfiguration {
  /** About 2 MiB when full. */
  private static final int EVENTS_KEPT = 8192;

  private static final int MAX_SUBSCRIBERS = 64;

  @Bean
  EventHub eventHub() {
    return new EventHub(EVENTS_KEPT, MAX_SUBSCRIBERS);
  }

  @Bean
  RegistryEvents registryEvents(EventHub events) {
    return new RegistryEvents(events, InstantSource.system());
  }

  @Bean
  HostEventWatcher hostEventWatcher(
      RegistryRuntime runtime, NodeChannels channels, EventHub events, ServiceClock clock) {
    return new HostEventWatcher(
        runtime, new GrpcHostEvents(channels), events, clock, InstantSource.system());
  }

  @Bean
  DeadlockBreaker.Ports deadlockPorts(
      WaitGraphs graphs,
      HostCommands hosts,
      AgentCommands agents,
      EventHub events,
      CoordinatorMeters meters) {
    return new DeadlockBreaker.Ports(graphs, hosts, agents, events, meters);
  }

  @Bean
  DeadlockBreaker deadlockBreaker(
      RegistryRuntime runtime, DeadlockBreaker.Ports ports, CoordinatorProperties properties) {
    return new DeadlockBreaker(
        runtime, ports, InstantSource.system(), properties.deadlockBreaker());
  }

  @Bean
  WaitSampler waitSampler(
      RegistryRuntime runtime, HostQueries hosts, FanOut fanOut, ServiceClock clock) {
    return new WaitSampler(runtime, hosts, fanOut, clock);
  }
}
