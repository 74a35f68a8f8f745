#pragma once

struct pn_connection_t;

// Proton 0.37's C++ binding lets a peer stop the whole container, does not limit the size of a
// message, shows a connection only once it is open, and chooses TLS versions and ciphers itself.
// proton_overrides.cpp defines the three C functions where this can be corrected. The binding calls
// ours, because the dynamic linker prefers a program's own symbols to those of its libraries; ours
// call Proton's.
namespace evenkeel::link::proton_overrides {

// Whether the binding calls our functions in this program. Otherwise nothing may listen or dial.
bool active();

// Observes the connection that one accept creates.
class AcceptObserver {
  public:
    virtual ~AcceptObserver() = default;
    // Before Proton starts it. [proton]
    virtual void on_accepting(pn_connection_t* connection) = 0;
    // After; the connection may be woken from now on. [proton]
    virtual void on_accepted() = 0;
};

// Sets the observer of the next connection that is accepted on this thread. [proton]
void expect(AcceptObserver* observer);

}  // namespace evenkeel::link::proton_overrides
