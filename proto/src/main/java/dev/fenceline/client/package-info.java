/**
 * Fenceline for programs: {@link dev.fenceline.client.HostClient} for address spaces over gRPC,
 * {@link dev.fenceline.client.DeviceClient} for programs on devices, and {@link
 * dev.fenceline.client.rest} for everything that an operator asks the coordinator.
 */
@NullMarked
package dev.fenceline.client;

import org.jspecify.annotations.NullMarked;
