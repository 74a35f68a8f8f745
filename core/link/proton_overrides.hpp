#pragma once

struct pn_connection_t;

// Proton 0.37's C++ binding lets a peer stop the whole container, has no limit on the size of a
// message, shows a connection only once it is open and chooses TLS versions and ciphers itself.
// guard.cpp stands in front of the three C functions where that can be put right: the binding calls
// ours, because a program's own symbols come before those of its libraries.
namespace evenkeel::link::proton_overrides {

// Whether the binding calls our functions in this program; without them nothing may listen or dial.
bool active();

// Told about the connection that comes out of one accept.
class AcceptObserver {
  public:
    virtual ~AcceptObserver() = default;
    // Before Proton starts it. [proton]
    virtual void on_accepting(pn_connection_t* connection) = 0;
    // After; the connection may be woken from now on. [proton]
    virtual void on_accepted() = 0;
};

// Names who is told about the next connection accepted on this thread. [proton]
void expect(AcceptObserver* observer);

}  // namespace evenkeel::link::proton_overrides
