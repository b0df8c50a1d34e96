package dev.fenceline.agent.engine;

import java.util.List;

/** What the parts of a link's engine share; immutable, its contents confined to the engine. */
record LinkParts(
    LinkSettings settings,
    MirrorBook mirrors,
    DrainBook drains,
    Outbox outbox,
    LinkCounters counters,
    List<AgentEffect> effects) {}
