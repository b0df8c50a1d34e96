/** Memory of devices as a host knows it: whose it is, which pages are there, what is on its way. */
@NullMarked
package dev.fenceline.host.engine.migration;

import org.jspecify.annotations.NullMarked;
