/*
 * src/loader/windows_names.c - libraries that every Windows has, and its usual KnownDLLs
 *
 * rule  the usual lists of Windows 10
 */
#include <string.h>

#include "windows.h"

/* The list of the registry and what its members import, which counts as they do. */
static const char *const known[] = {
    "advapi32.dll",   "bcrypt.dll",    "bcryptprimitives.dll",
    "cfgmgr32.dll",   "clbcatq.dll",   "combase.dll",
    "comdlg32.dll",   "coml2.dll",     "difxapi.dll",
    "gdi32.dll",      "gdi32full.dll", "gdiplus.dll",
    "imagehlp.dll",   "imm32.dll",     "kernel32.dll",
    "kernelbase.dll", "msctf.dll",     "msvcp_win.dll",
    "msvcrt.dll",     "normaliz.dll",  "nsi.dll",
    "ntdll.dll",      "ole32.dll",     "oleaut32.dll",
    "psapi.dll",      "rpcrt4.dll",    "sechost.dll",
    "setupapi.dll",   "shcore.dll",    "shell32.dll",
    "shlwapi.dll",    "ucrtbase.dll",  "user32.dll",
    "win32u.dll",     "wldap32.dll",   "wow64.dll",
    "wow64base.dll",  "wow64con.dll",  "wow64cpu.dll",
    "wow64win.dll",   "ws2_32.dll",
};

/* Others that every Windows has in its system directory. */
static const char *const parts[] = {
    "activeds.dll", "avicap32.dll", "avifil32.dll",       "avrt.dll",        "cabinet.dll",
    "comctl32.dll", "credui.dll",   "crypt32.dll",        "cryptbase.dll",   "cryptsp.dll",
    "cryptui.dll",  "d2d1.dll",     "d3d10.dll",          "d3d11.dll",       "d3d12.dll",
    "d3d8.dll",     "d3d9.dll",     "d3dcompiler_47.dll", "dbghelp.dll",     "dciman32.dll",
    "dcomp.dll",    "ddraw.dll",    "devobj.dll",         "dhcpcsvc.dll",    "dinput.dll",
    "dinput8.dll",  "dnsapi.dll",   "dsound.dll",         "dwmapi.dll",      "dwrite.dll",
    "dxgi.dll",     "dxva2.dll",    "esent.dll",          "evr.dll",         "fltlib.dll",
    "fwpuclnt.dll", "glu32.dll",    "hhctrl.ocx",         "hid.dll",         "httpapi.dll",
    "icmp.dll",     "imgutil.dll",  "iphlpapi.dll",       "ksuser.dll",      "ktmw32.dll",
    "mapi32.dll",   "mf.dll",       "mfplat.dll",         "mfreadwrite.dll", "mpr.dll",
    "msacm32.dll",  "mscoree.dll",  "msdmo.dll",          "msi.dll",         "msimg32.dll",
    "mswsock.dll",  "msvfw32.dll",  "ncrypt.dll",         "ndfapi.dll",      "netapi32.dll",
    "netutils.dll", "newdev.dll",   "ntdsapi.dll",        "ntmarta.dll",     "odbc32.dll",
    "odbccp32.dll", "oleacc.dll",   "oledlg.dll",         "opengl32.dll",    "pdh.dll",
    "powrprof.dll", "profapi.dll",  "propsys.dll",        "quartz.dll",      "rasapi32.dll",
    "rstrtmgr.dll", "samcli.dll",   "secur32.dll",        "sensapi.dll",     "slc.dll",
    "sspicli.dll",  "sti.dll",      "tapi32.dll",         "traffic.dll",     "urlmon.dll",
    "userenv.dll",  "usp10.dll",    "uxtheme.dll",        "version.dll",     "webauthn.dll",
    "wer.dll",      "wevtapi.dll",  "winbio.dll",         "wincodec.dll",    "windowscodecs.dll",
    "winhttp.dll",  "wininet.dll",  "winmm.dll",          "winscard.dll",    "winspool.drv",
    "wintrust.dll", "winusb.dll",   "wlanapi.dll",        "wldp.dll",        "wsnmp32.dll",
    "wsock32.dll",  "wtsapi32.dll", "xinput1_4.dll",      "xinput9_1_0.dll", "xmllite.dll",
};

static bool is_in(const char *const *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}

bool tn_windows_is_usual(const char *name)
{
    return is_in(known, TN_COUNT(known), name);
}

bool tn_windows_is_part(const char *name)
{
    return tn_windows_is_usual(name) || is_in(parts, TN_COUNT(parts), name);
}
