// One conversation with a device in DFU mode, or the request that sends it there.
// Source: USB DFU 1.1, chapters 3 and 5 to 7 and appendix A (the state diagram).
//
// Threads and errors: as in transports/links/link.h. What the device reports becomes an error by dfuStatusError().
#pragma once

#include "app/base/progress.h"
#include "transports/links/usb_link.h"
#include "transports/protocols/dfu/dfu_interface.h"

#include <initializer_list>

namespace sealift {

// How long is waited at most. bwPollTimeout is honoured up to longestPoll at a time; what takes longer than its whole
// is given up.
struct DfuPatience {
  std::chrono::milliseconds request{5'000};
  std::chrono::milliseconds longestPoll{30'000};
  std::chrono::milliseconds block{60'000};  // to program one block
  std::chrono::milliseconds manifest{120'000};
  std::chrono::milliseconds settle{10'000};  // to end what an earlier conversation left
};

// What followed the end of a download (figure A.1).
enum class DfuManifested {
  Idle,        // dfuIDLE: goes on talking
  NeedsReset,  // dfuMANIFEST-WAIT-RESET, or silent as the specification allows: a bus reset is the way on
  Gone,        // it left the bus by itself
};

class DfuSession {
 public:
  // `link` outlives the session.
  DfuSession(UsbLink& link, const DfuInterface& interface, const DfuPatience& patience = {});

  const DfuInterface& interface() const { return interface_; }
  const DfuStatus& lastStatus() const { return lastStatus_; }  // what the last GETSTATUS told
  const DfuPatience& patience() const { return patience_; }
  // Bytes in one request: what the device takes, and what every operating system lets through (4096 on Linux and
  // Windows). More than 0.
  qsizetype blockSize() const;

  Status claim(const CancelToken& cancel);

  // Single requests (chapter 3), without judging what state they are allowed in: the device does.
  Status detach(const CancelToken& cancel);  // run-time; the caller resets the bus unless willDetach
  Status dnload(quint16 block, QByteArrayView data, const CancelToken& cancel);
  Result<QByteArray> upload(quint16 block, quint16 bytes, const CancelToken& cancel);
  Result<DfuStatus> getStatus(const CancelToken& cancel);
  Status clearStatus(const CancelToken& cancel);
  Result<DfuState> getState(const CancelToken& cancel);
  Status abort(const CancelToken& cancel);

  // To dfuIDLE from wherever an earlier conversation left the device: waits out what it is busy with, clears errors,
  // aborts. ProtocolUnexpected when it doesn't get there (dfuMANIFEST-WAIT-RESET leaves by a reset only).
  Status becomeIdle(const CancelToken& cancel);
  // After a dnload: until the device has done with it. The device's error when it reports one.
  Result<DfuStatus> awaitState(std::initializer_list<DfuState> wanted, const Deadline& deadline,
                               const CancelToken& cancel);
  // One block, and until it is programmed (dfuDNLOAD-IDLE).
  Status writeBlock(quint16 block, QByteArrayView data, const CancelToken& cancel);

  // The whole payload, from dfuIDLE (5.4, 6.1.1), without the end of the download: finishDownload().
  Status download(QByteArrayView payload, Progress& progress, const CancelToken& cancel);
  // The empty block that ends a download, and the manifestation phase (chapter 7).
  Result<DfuManifested> finishDownload(const CancelToken& cancel);
  // The first `bytes` bytes of the device's firmware, fewer when it ends before (6.2); ends in dfuIDLE.
  Result<QByteArray> readBack(qsizetype bytes, Progress& progress, const CancelToken& cancel);

  // The device's reason for a stalled request, or the stall itself when it tells none. The error state is left as it
  // is.
  Error reasonFor(const Error& error, const CancelToken& cancel);

 private:
  UsbRequest request(DfuRequest request, bool toHost, quint16 value = 0) const;
  Deadline requestDeadline(const char* name) const;
  Status pauseFor(const DfuStatus& status, const Deadline& deadline, const CancelToken& cancel) const;

  UsbLink& link_;
  const DfuInterface interface_;
  const DfuPatience patience_;
  DfuStatus lastStatus_;
  quint16 nextBlock_ = 0;  // 3.1: wBlockNum, which wraps around to zero
};

}  // namespace sealift
