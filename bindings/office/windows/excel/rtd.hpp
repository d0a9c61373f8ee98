// The two interfaces of Excel's real-time data, by their published ids.
#pragma once

#include <oaidl.h>

inline const GUID kRtdServerInterface = {0xEC0E6191, 0xDB51, 0x11D3, {0x8F, 0x3E, 0x00, 0xC0, 0x4F, 0x36, 0x51, 0xB8}};
inline const GUID kRtdUpdateInterface = {0xA43788C1, 0xD91B, 0x11D3, {0x8F, 0x39, 0x00, 0xC0, 0x4F, 0x36, 0x51, 0xB8}};

constexpr DISPID kRtdServerStart = 10, kRtdConnectData = 11, kRtdRefreshData = 12, kRtdDisconnectData = 13, kRtdHeartbeat = 14,
                 kRtdServerTerminate = 15;

struct IRTDUpdateEvent : public IDispatch {
  virtual HRESULT STDMETHODCALLTYPE UpdateNotify() = 0;
  virtual HRESULT STDMETHODCALLTYPE get_HeartbeatInterval(long* milliseconds) = 0;
  virtual HRESULT STDMETHODCALLTYPE put_HeartbeatInterval(long milliseconds) = 0;
  virtual HRESULT STDMETHODCALLTYPE Disconnect() = 0;
};

struct IRtdServer : public IDispatch {
  virtual HRESULT STDMETHODCALLTYPE ServerStart(IRTDUpdateEvent* update, long* result) = 0;
  virtual HRESULT STDMETHODCALLTYPE ConnectData(long topic, SAFEARRAY** strings, VARIANT_BOOL* new_values, VARIANT* value) = 0;
  virtual HRESULT STDMETHODCALLTYPE RefreshData(long* count, SAFEARRAY** values) = 0;
  virtual HRESULT STDMETHODCALLTYPE DisconnectData(long topic) = 0;
  virtual HRESULT STDMETHODCALLTYPE Heartbeat(long* alive) = 0;
  virtual HRESULT STDMETHODCALLTYPE ServerTerminate() = 0;
};
