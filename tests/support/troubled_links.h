// Links of every kind that go wrong from a chosen moment on, in the ways that devices and cables do.
//
//   TroubledLinks links(opener);
//   links.begin(LinkTrouble::Lost, 3);   // the third operation from now, and all after it
//   links.end();                         // the cable is back; links that were lost stay so
//
// Nobody waits long for what will not come: in trouble, a read that gets nothing for kImpatience ends as if its
// deadline had passed. Threads: as links; begin() and end() by the thread that uses them.
#pragma once

#include "transports/links/link_opener.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <random>

namespace sealift::test {

enum class LinkTrouble {
  Lost,     // the cable is out: nothing can be opened, what was open is dead
  Nothing,  // what is asked arrives, no answer comes
  TooLate,  // one answer comes after its deadline, and is there when the next one is waited for
  Garbage,  // answers are as long as they should be and hold noise
  TooMuch,  // answers hold far more than they should
};

// What all links of one TroubledLinks share.
class TroubleState {
 public:
  void begin(LinkTrouble trouble, int atOperation);
  void loseAfter(quint64 bytes) { loseAfter_ = sent_ + bytes; }
  void end();
  void callAt(int atOperation, const std::function<void()>& call);
  void countFromHere();
  quint64 sentBytes() const { return sent_; }  // by all links
  int operations() const { return operations_; }

  // For the links: one operation begins. The trouble that it meets.
  std::optional<LinkTrouble> meet(bool isAnswer);
  int losses() const { return losses_; }  // a link that was opened before the last one is dead
  bool isLost() const { return isOn_ && trouble_ == LinkTrouble::Lost; }
  void countSent(qsizetype bytes);
  QByteArray noise(qsizetype size);

 private:
  LinkTrouble trouble_ = LinkTrouble::Lost;
  int countdown_ = 0;  // operations until it begins; 0: nothing is planned
  int operations_ = 0;
  bool isOn_ = false;
  int losses_ = 0;
  int callIn_ = 0;  // operations; 0: never
  std::function<void()> call_;
  quint64 sent_ = 0;
  std::optional<quint64> loseAfter_;
  std::mt19937 random_{7};
};

class TroubledLinks final : public LinkOpener {
 public:
  static constexpr std::chrono::milliseconds kImpatience{60};

  // `inner` outlives it and all its links; it outlives its links.
  explicit TroubledLinks(LinkOpener& inner) : inner_(inner) {}

  void begin(LinkTrouble trouble, int atOperation = 1) { state_.begin(trouble, atOperation); }
  void end() { state_.end(); }
  // Called from within the nth operation from now, before it does anything.
  void callAt(int atOperation, const std::function<void()>& call) { state_.callAt(atOperation, call); }
  // The link is lost once so many more bytes were sent.
  void loseAfter(quint64 bytes) { state_.loseAfter(bytes); }
  // Bytes that were sent since they were made, or since countFromHere().
  void countFromHere() { state_.countFromHere(); }
  quint64 sentBytes() const { return state_.sentBytes(); }
  int operations() const { return state_.operations(); }  // of all links, in all

  Result<std::unique_ptr<ByteLink>> openBytes(const LinkAddress& address, const CancelToken& cancel) override;
  Result<std::unique_ptr<DatagramLink>> openDatagrams(const LinkAddress& address, const CancelToken& cancel) override;
  Result<std::unique_ptr<UsbLink>> openUsb(const LinkAddress& address, const CancelToken& cancel) override;
  Result<QList<UsbDeviceInfo>> usbDevices() override;
  Result<std::unique_ptr<HttpLink>> openHttp(const LinkAddress& address, const HttpAccess& access,
                                             const CancelToken& cancel) override;

 private:
  Status open();

  LinkOpener& inner_;
  TroubleState state_;
};

}  // namespace sealift::test
