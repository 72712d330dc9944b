// Carries out the link operations of a Sealift in another process on this process's device, and counts them. At a
// chosen one the cable is pulled, or the other process is killed. One thread.
#pragma once

#include "tests/interrupt/link_message.h"
#include "transports/links/link_opener.h"

#include <functional>
#include <map>
#include <sys/types.h>

namespace sealift::test {

// What goes wrong in one run: at an operation counted from 1, or at a step.
struct LinkMishap {
  enum class Kind { None, CableOut, ProgramKilled, PowerCut, PowerCutAndProgramKilled };
  Kind kind = Kind::None;
  int at = 0;
  bool reachesDevice = false;  // the operation, or the whole step, was carried out, and only its answer is lost
  QString step = {};           // by the journal's name; empty: `at` counts
  std::function<void()> powerCycle = [] {};
};

// What the other process has said until it ended.
struct LinkLog {
  int operations = 0;
  QByteArray audited;  // with its last message
  QByteArray report;   // of the job; empty when it did not come to that
};

class LinkServer {
 public:
  // `opener` outlives the server. `program`: the process to be killed.
  LinkServer(LinkOpener& opener, const LinkMishap& mishap) : opener_(opener), mishap_(mishap) {}

  // Until the other end is closed, or `program` was killed.
  LinkLog serve(int socket, pid_t program);

 private:
  struct Open {
    std::unique_ptr<ByteLink> bytes;
    std::unique_ptr<DatagramLink> datagrams;
    std::unique_ptr<UsbLink> usb;
  };

  Result<QByteArray> carryOut(LinkCall what, QDataStream& arguments);
  Result<QByteArray> open(LinkCall what, QDataStream& arguments);
  Result<QByteArray> onUsb(LinkCall what, UsbLink& link, QDataStream& arguments);
  Result<QByteArray> onBytes(LinkCall what, ByteLink& link, QDataStream& arguments);
  Result<QByteArray> onDatagrams(LinkCall what, DatagramLink& link, QDataStream& arguments);
  static Result<QByteArray> withoutCable(LinkCall what);
  bool isNow(LinkCall what, QDataStream& arguments);
  bool strike(pid_t program);

  LinkOpener& opener_;
  const LinkMishap mishap_;
  LinkLog log_;
  std::map<quint32, Open> open_;
  quint32 lastNumber_ = 0;
  bool isOut_ = false;
  bool hasStruck_ = false;
};

}  // namespace sealift::test
