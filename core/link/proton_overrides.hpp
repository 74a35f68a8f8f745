#pragma once

#include <vector>

#include <sys/epoll.h>

struct pn_connection_t;

// Proton 0.37's C++ binding lets a peer stop the whole container, does not limit the size of a
// message, shows a connection only once it is open, chooses TLS versions, ciphers and whom it
// trusts itself, and accepts without limit and holds much memory for each connection.
// proton_overrides.cpp defines the seven C functions where this can be corrected. Proton and its
// binding call ours, because the dynamic linker prefers a program's own symbols to those of its
// libraries; ours call theirs.
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

// While it is shut Proton accepts nothing more from one listener, and new connections wait in the
// kernel's queue. Proton accepts up to 16 connections when the kernel says that some are there, and
// then asks to be told again: that request is held back until the gate opens. To be used on the
// listener's thread only, and left open when the listener is closed, because Proton waits for the
// kernel's word before it frees the sockets. [proton]
class AcceptGate {
  public:
    AcceptGate() = default;
    ~AcceptGate() { unguard(); }
    AcceptGate(const AcceptGate&) = delete;
    AcceptGate& operator=(const AcceptGate&) = delete;

    // The listener's sockets. Of two gates on a thread the later one holds.
    void guard(std::vector<int> sockets);
    // Opens it for good; to be called before the numbers of these sockets can be used again.
    void unguard();
    void set_shut(bool shut);
    bool is_shut() const { return shut_; }
    // True: the request is held back.
    bool holds(int epoll, int socket, const epoll_event& wanted);

  private:
    struct Request {
        int epoll;
        int socket;
        epoll_event wanted;
    };
    std::vector<int> sockets_;
    std::vector<Request> held_;
    bool shut_ = false;
};

}  // namespace evenkeel::link::proton_overrides
