// Transfers of libusb that are under way. Within transports/links only. One thread for a context and all that is of it.
#pragma once

#include "app/base/cancel_token.h"
#include "app/base/deadline.h"

#include <QByteArray>

#include <libusb.h>
#include <memory>
#include <vector>

namespace sealift {

// One transfer. Not to be destroyed while it is under way: see LibusbTransfers.
class LibusbTransfer {
 public:
  enum class Type { Control, Bulk };

  // Control: `buffer` begins with the setup packet. Towards the host the buffer's size says how much is asked for.
  LibusbTransfer(libusb_device_handle* handle, Type type, quint8 endpoint, const QByteArray& buffer);

  int submit();  // 0, or an error of libusb
  bool isUnderWay() const { return state_->submitted && state_->completed == 0; }
  libusb_transfer_status status() const { return state_->raw->status; }
  int actualLength() const { return state_->raw->actual_length; }
  int length() const { return state_->raw->length; }
  QByteArray received() const;  // what came to the host

 private:
  friend class LibusbTransfers;
  struct State {
    explicit State(libusb_transfer* transfer) : raw(transfer) {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State();

    libusb_transfer* raw;
    QByteArray buffer;
    bool submitted = false;
    int completed = 0;  // set by libusb's callback
  };
  static void LIBUSB_CALL onCompleted(libusb_transfer* raw);

  std::unique_ptr<State> state_;
};

// The transfers of one link, in the order in which they were begun; all of one endpoint.
class LibusbTransfers {
 public:
  LibusbTransfers(libusb_context* context, libusb_device_handle* handle) : context_(context), handle_(handle) {}
  ~LibusbTransfers() { takeBack(); }
  LibusbTransfers(const LibusbTransfers&) = delete;
  LibusbTransfers& operator=(const LibusbTransfers&) = delete;

  // An error of libusb, or 0.
  int begin(LibusbTransfer::Type type, quint8 endpoint, const QByteArray& buffer);
  std::size_t underWay() const { return transfers_.size(); }
  // The oldest, once it ended. Errors: Timeout, Cancelled; all that are under way are then taken back.
  Result<LibusbTransfer> next(const Deadline& deadline, const CancelToken& cancel);
  // Lets libusb work for one slice of time: for want of anything better to wait for.
  void pause(const Deadline& deadline);
  // When this returns, none is under way. False: the system did not give one back in time, so that neither it nor
  // the device's handle may be freed.
  bool takeBack();
  bool stuck() const { return stuck_; }

 private:
  void handleEvents(int milliseconds, int* completed);

  libusb_context* context_;
  libusb_device_handle* handle_;
  std::vector<LibusbTransfer> transfers_;
  bool stuck_ = false;
};

}  // namespace sealift
