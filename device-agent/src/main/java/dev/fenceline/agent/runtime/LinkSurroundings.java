package dev.fenceline.agent.runtime;

import dev.fenceline.agent.engine.LinkSettings;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.LongSupplier;

/** What all links of an agent share; immutable. */
record LinkSurroundings(
    List<Device> devices,
    LinkSettings settings,
    ScheduledExecutorService executor,
    DelayLine delays,
    LongSupplier clock,
    AgentObserver observer,
    RoomMaker rooms) {}
