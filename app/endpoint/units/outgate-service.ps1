# A Windows service under a virtual account without rights. Written from Microsoft's manual; not run by us.
$program = '@PROGRAM@'
New-Service -Name Outgate -DisplayName 'Outgate, the egress gate for Python' -StartupType Automatic `
  -BinaryPathName "`"$program`" start --public `"$env:ProgramData\Outgate\public`""
sc.exe config Outgate obj= 'NT SERVICE\Outgate'
sc.exe failure Outgate reset= 86400 actions= restart/1000/restart/5000/restart/60000
# Nobody but the service and administrators reads its folder.
$folder = New-Item -ItemType Directory -Force "$env:ProgramData\Outgate\home"
icacls $folder /inheritance:r /grant 'NT SERVICE\Outgate:(OI)(CI)F' 'BUILTIN\Administrators:(OI)(CI)F'
# 443 only through the gate: blocked for everybody, allowed for the service.
New-NetFirewallRule -DisplayName 'Outgate: HTTPS by the gate' -Direction Outbound -Protocol TCP -RemotePort 443 `
  -Action Allow -Service Outgate
