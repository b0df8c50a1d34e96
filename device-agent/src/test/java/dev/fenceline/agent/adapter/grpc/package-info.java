@NullMarked
package dev.fenceline.agent.adapter.grpc;

import org.jspecify.annotations.NullMarked;
