// Asks before something that can't be taken back. The safe answer has the focus.
#pragma once

#include "app/base/result.h"
#include "ui/dialogs/dialog_frame.h"

#include <functional>

namespace sealift {

struct Question {
  QString name;   // object name; its buttons are NAMEYes and NAMENo
  QString title;  // "Cancel this update?"
  QString text;   // what it means
  QString yes;    // "Cancel update"
  QString no;     // "Keep going"
  bool harmful = true;
};

class ConfirmDialog final : public DialogFrame {
  Q_OBJECT

 public:
  // `doIt` runs when the person says yes; an error that it returns is shown and the dialog stays.
  ConfirmDialog(const Question& question, std::function<Status()> doIt, QWidget* parent);
};

}  // namespace sealift
