/** Tests of the registry engine in simulated time. */
package dev.fenceline.coordinator.engine;
